"""Folders by hand, and the goldens' tiny files."""

import shutil

import pytest

from d3d_tf.commands import doctor
from d3d_tf.data.feature_sets import adopt_features
from d3d_tf.doctor.check_features import check_features
from d3d_tf.doctor.feature_records import feature_files
from d3d_tf.errors import UserError
from d3d_tf.recipes import OWN_VIDEOS
from tests.d3d_tf.doctor.test_feature_records import PICTURE, SOUND, write
from tests.harness.yt8m import feature_record as record


def findings(folder, sample=0) -> dict:
    found = check_features(feature_files(str(folder)), sample)
    return {one.check: one for one in found}


def lines(folder) -> dict:
    return {name: one.line() for name, one in findings(folder).items()}


def good(name, **changes):
    return record(
        **{"name": name, "rgb": [PICTURE], "audio": [SOUND]} | changes
    )


def test_good_files(tmp_path):
    write(tmp_path / "train0000.tfrecord", good("a"), good("b"))
    write(tmp_path / "train0001.tfrecord", good("c", labels=[1, 2]))
    write(tmp_path / "validate0000.tfrecord", good("d"))
    found = findings(tmp_path)
    assert {one.level for one in found.values()} == {"OK"}
    said = {name: one.text for name, one in found.items()}
    assert said["kind"].endswith("of 2018 (id): 4; 3862 classes")
    assert said["files"] == "3 of 1 to 2 records; 3 train, 1 validation"
    assert said["records"] == "4 good ones of 4"
    assert said["frames"] == "4 in 4 videos, 1 to 1"
    # Five labels of four videos.
    assert said["labels"] == "1.25 per video, 2 of 3862 classes"
    assert said["ids"] == "4 of 4 records"
    assert said["numbers"] == "of 4 pictures in 4 of 4 records"


def test_warnings(tmp_path):
    """301 frames, none, no label, a label twice, an id twice, an empty file,
    the ids of both releases, and a picture of zeros."""
    frames = {"rgb": [PICTURE] * 301, "audio": [SOUND] * 301}
    write(
        tmp_path / "train0000.tfrecord",
        good("a", **frames),
        good("b", rgb=[], audio=[]),
        good("c", labels=[]),
        good("d", labels=[7, 8, 7]),
        good("d", id_key="video_id"),
        good("e", rgb=[bytes(1024)]),
    )
    write(tmp_path / "train0001.tfrecord")
    said = lines(tmp_path)
    warned = {name for name, line in said.items() if line.startswith("WARNING")}
    assert warned == {"kind", "files", "frames", "labels", "ids", "numbers"}
    assert "called both ways" in said["kind"]
    assert "empty: 1 of them, such as train0001.tfrecord" in said["files"]
    assert "1 have more than 300, " in said["frames"]
    assert "1 have none, such as train0000.tfrecord, record 2" in said["frames"]
    assert "1 have none, such as train0000.tfrecord, record 3" in said["labels"]
    assert (
        "1 repeat one, such as train0000.tfrecord, record 4" in said["labels"]
    )
    assert "1 are there twice, such as d" in said["ids"]
    assert "1 records have pictures whose numbers are all" in said["numbers"]


def test_errors(tmp_path, capsys):
    """Damage is told by file and record; an id in two splits."""
    damaged = tmp_path / "train0000.tfrecord"
    write(damaged, good("a"), good("b", labels=[5000]), good("c"))
    damaged.write_bytes(damaged.read_bytes()[:-3])
    write(tmp_path / "test0000.tfrecord", good("a"))
    with pytest.raises(UserError, match="errors: records, ids"):
        doctor.run(OWN_VIDEOS, data=str(tmp_path), sample=0)
    shown = capsys.readouterr().out
    assert "has a label that is none of 3862 (train0000.tfrecord, rec" in shown
    assert "(train0000.tfrecord, record 3)" in shown
    assert "1 are in several splits, such as a" in shown


def test_frames_and_means(tmp_path, goldens):
    """The goldens' files: twelve videos, and the means of six of them."""
    reader = goldens / "yt8m" / "reader"
    for kind in ("frames", "videos"):
        (tmp_path / kind).mkdir()
        target = tmp_path / kind / "validate0000.tfrecord"
        shutil.copyfile(reader / f"tiny_{kind}.tfrecord", target)
    frames, videos = lines(tmp_path / "frames"), lines(tmp_path / "videos")
    assert "12 good ones of 12" in frames["records"]
    assert "1 have more than 300" in frames["frames"]
    assert "1 have none" in frames["labels"] and "1 repeat" in frames["labels"]
    assert "6 good ones of 6" in videos["records"]
    assert videos["frames"].endswith("none: means of videos")
    both = tmp_path / "frames" / "validate0001.tfrecord"
    shutil.copyfile(reader / "tiny_videos.tfrecord", both)
    said = lines(tmp_path / "frames")
    assert said["kind"].startswith("ERROR")
    assert "6 records hold means of videos and 12 frames" in said["kind"]


def test_against_dataset_json(tmp_path):
    """A file that is gone, and one that has another record more."""
    folder = tmp_path / "yt"
    folder.mkdir()
    for number in range(3):
        write(folder / f"train000{number}.tfrecord", good(f"a{number}"))
    dataset = adopt_features(folder, tmp_path / "records")
    assert findings(dataset.folder)["files"].level == "OK"
    (folder / "train0001.tfrecord").unlink()
    write(folder / "train0002.tfrecord", good("a2"), good("b"))
    said = lines(dataset.folder)["files"]
    assert "train0001.tfrecord of train is missing" in said
    assert "train0002.tfrecord has 2 good records and not 1, as data" in said
