"""All of it on the toy run: files, words, and what is refused."""

import re

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands.predict import class_probabilities
from d3d_tf.config import ExplainRecipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.explain.job import explain_video
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.video.reading import first_frame_size


@pytest.fixture
def video(toy):
    (path,) = toy.records_dir.glob("videos/*/shuffled_colours/down/*.mp4")
    return str(path)


def test_a_page_and_a_video(toy, video, tmp_path, capsys):
    """Student and flow teacher, the two classes that the student prefers."""
    settings = ExplainRecipe(networks=("student", "teacher"), top=2)
    out = tmp_path / "out"
    explain_video([toy.run], settings, video, str(out))
    assert sorted(p.name for p in out.iterdir()) == [
        "explain.html",
        "explain.mp4",
    ]
    student = class_probabilities(toy.run, "student", video)
    best = np.argsort(-student)[:2]
    names = [toy.run.labels()[i] for i in best]
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first == (
        f"{video}, by run: D3D (student) at Conv2d_2b_1x1: "
        + ", ".join(
            f"{name} {100 * student[i]:.1f} %"
            for name, i in zip(names, best, strict=True)
        )
    )
    assert "by run: Flow (teacher)" in second
    assert all(name in second for name in names)
    assert rest == [f"page: {out}/explain.html", f"video: {out}/explain.mp4"]
    # 16 pixels, 14 times; frame and two classes; a row for each network.
    height, width = first_frame_size(out / "explain.mp4")
    assert width == 3 * 224 and height > 2 * 224
    # The folder is the mode's own, and may be written again.
    explain_video([toy.run], ExplainRecipe(classes=("up",)), video, str(out))
    assert "<h2>up</h2>" in (out / "explain.html").read_text()


def test_two_runs_on_the_same_frames(toy, video, tmp_path):
    """The second trained in half precision: it is computed in float32, too.

    The middle clip of five frames begins at the first one.
    """
    mixed = Run(tmp_path / "mixed")
    settings = ["train.mixed_precision=mixed_float16"]
    recipe = config.override(toy.run.recipe(), settings)
    mixed.start(recipe, toy.run.labels(), Origin(records=tmp_path, flow={}))
    (mixed.folder / "checkpoints").symlink_to(toy.run.folder / "checkpoints")
    pages = []
    for second in None, 0.0:
        out = tmp_path / f"{second}"
        settings = ExplainRecipe(classes=("up",), second=second)
        explain_video([toy.run, mixed], settings, video, str(out))
        pages.append((out / "explain.html").read_text())
    assert pages[0] == pages[1]
    frames, one, other = re.findall('src="(data:[^"]+)"', pages[0])
    assert one == other != frames


def test_a_folder_of_somebody_else(toy, video, tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="other files .*--mode=explain wrote"):
        explain_video([toy.run], ExplainRecipe(), video, str(tmp_path))


def test_nothing_is_written_for_what_cannot_be(toy, video, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UserError, match="cannot be used"):
        explain_video([toy.run], ExplainRecipe(), "none.mp4", str(out))
    for wrong in ({"classes": ("upp",)}, {"endpoint": "9z"}):
        settings = ExplainRecipe(**wrong)
        with pytest.raises(UsageError):
            explain_video([toy.run], settings, video, str(out))
    assert not out.exists()
