"""AVA's lists beside videos of known rates and lengths."""

import numpy as np
import pytest

from d3d_tf.commands import doctor
from d3d_tf.config import DataRecipe, override
from d3d_tf.doctor.check_lists import check_lists
from d3d_tf.errors import UsageError, UserError
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.video.writing import write_video

DATA = DataRecipe(layout="ava", max_seconds=1.0)


@pytest.fixture
def places(tmp_path):
    """Videos of 3 s at 25 per second and of 4 s at 10; lists of three."""
    videos, lists = tmp_path / "videos", tmp_path / "lists"
    videos.mkdir()
    lists.mkdir()
    for name, rate, seconds in (("a", 25, 3), ("b", 10, 4)):
        frames = np.zeros([rate * seconds, 32, 32, 3], np.uint8)
        write_video(videos / f"{name}.mp4", frames, rate)
    row = ",0.1,0.1,0.5,0.5,12,0\n"
    (lists / "ava_train_v2.1.csv").write_text(f"a,902{row}b,903{row}")
    (lists / "ava_val_v2.1.csv").write_text(f"gone,0902{row}")
    return str(videos), str(lists)


def found(places, **changes):
    data = DataRecipe(**DATA.__dict__ | changes)
    return {f.check: (f.level, f.text) for f in check_lists(*places, data)}


def test_files_that_were_cut_out(places):
    """From 900 s on: all is there but a video; 10 frames a second are few."""
    findings = found(places, first_second=900.0)
    assert findings["train, rows"][0] == "OK"
    level, text = findings["keyframes"]
    assert level == "WARNING"
    assert text.startswith("3, of which 1 are of videos that are not there")
    assert "1 of 3 listed videos are not on disk, such as gone" in text
    assert findings["files"] == ("OK", "2 are opened")
    assert findings["lengths"][0] == "OK"
    level, text = findings["frame rates"]
    assert level == "WARNING"
    assert text.startswith("10 to 25 per second, half below 17.5; 1 are below")


def test_files_that_are_too_short(places):
    """Whoever forgets to say so reads what to say."""
    level, text = found(places)["lengths"]
    assert level == "ERROR"
    assert "ends at 3 s of its video, before its keyframe 0902" in text
    assert "--set data.first_second=900" in text


def test_a_file_that_is_none(places, tmp_path):
    (tmp_path / "videos" / "b.mp4").write_bytes(b"no video" * 100)
    findings = found(places, first_second=900.0)
    assert findings["files"][0] == "ERROR" and "b.mp4" in findings["files"][1]


def test_lists_that_are_wrong(places, tmp_path):
    (tmp_path / "lists" / "val.csv").write_text("a,1\n")
    with pytest.raises(UserError, match="each of which could be"):
        found(places)
    (tmp_path / "lists" / "val.csv").unlink()
    (tmp_path / "lists" / "ava_train_v2.1.csv").write_text("a,902,0,0\n")
    findings = found(places)
    assert findings["train, rows"][0] == "ERROR"
    assert findings["lists"][0] == "ERROR"


def test_the_command(places, capsys):
    videos, lists = places
    recipe = override(
        OWN_VIDEOS, ["layout=ava", "data.first_second=900", "short_side=32"]
    )
    doctor.run(recipe, data=videos, annotations=lists)
    assert "OK      lengths: 2 by their headers" in capsys.readouterr().out
    with pytest.raises(UserError, match="lengths"):
        doctor.run(
            override(OWN_VIDEOS, ["layout=ava"]), data=videos, annotations=lists
        )
    with pytest.raises(UsageError, match="--set layout=ava"):
        doctor.run(OWN_VIDEOS, data=videos, annotations=lists)
    with pytest.raises(UsageError, match="needs --data"):
        doctor.run(recipe, annotations=lists)
