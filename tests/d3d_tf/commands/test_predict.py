"""The five classes that a video file gets from the toy run."""

import re

import av
import numpy as np
import pytest

from d3d_tf.commands import predict
from d3d_tf.errors import UsageError, UserError
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.origin import Origin
from tests.harness import softmax


@pytest.fixture
def video(toy):
    (path,) = toy.records_dir.glob("videos/*/shuffled_colours/down/*.mp4")
    return str(path)


def test_five_classes_with_their_probabilities(toy, video, capsys):
    """5 frames of 24 x 24: the middle clip is 0..3, the middle crop 4..19.

    Frames are decoded here by PyAV itself.
    """
    predict.run(data=video, checkpoint=str(toy.run.folder))
    first, *lines = capsys.readouterr().out.splitlines()
    assert video in first and str(toy.run.folder) in first
    with av.open(video) as container:
        frames = np.stack(
            [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
        )
    assert frames.shape == (5, 24, 24, 3)
    clip = np.float32(frames[None, :4, 4:20, 4:20] / 127.5 - 1)
    probabilities = softmax(load_checkpoint(toy.run.folder)(clip)[0].numpy())
    expected = sorted(
        zip(probabilities, toy.run.labels(), strict=True), reverse=True
    )
    assert len(lines) == 5
    for line, (probability, label) in zip(lines, expected, strict=False):
        percent, name = re.fullmatch(r" *([\d.]+) %  (\w+)", line).groups()
        assert name == label
        assert float(percent) == pytest.approx(100 * probability, abs=0.06)


@pytest.mark.parametrize("content", [None, b"", b"no video"])
def test_a_file_that_is_no_video(toy, tmp_path, content):
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path} cannot be used: "):
        predict.run(data=str(path), checkpoint=str(toy.run.folder))


def test_a_run_without_a_network(toy, tmp_path, video):
    run = Run(tmp_path / "run")
    run.start(toy.recipe, toy.run.labels(), Origin(records=tmp_path, flow={}))
    with pytest.raises(UserError, match="no finished student or baseline"):
        predict.run(data=video, checkpoint=str(run.folder))


def test_which_network_answers(copied_run, video, capsys):
    """Without a finished student the baseline does, and that is said."""
    predict.run(data=video, checkpoint=str(copied_run.folder))
    first = capsys.readouterr().out.splitlines()
    (copied_run.checkpoints("student") / "finished.json").unlink()
    predict.run(data=video, checkpoint=str(copied_run.folder))
    said, *lines = capsys.readouterr().out.splitlines()
    assert said == (
        f"{copied_run.folder} has no finished student: its baseline answers."
    )
    assert lines[0] == first[0] and lines != first
    clip = np.zeros((1, 4, 16, 16, 3), np.float32)
    np.testing.assert_array_equal(
        load_checkpoint(copied_run.folder)(clip),
        load_checkpoint(copied_run.folder, "baseline")(clip),
    )


def test_labels_that_are_not_the_runs(copied_run, video):
    path = copied_run.folder / "label_map.txt"
    path.write_text("".join(path.read_text().splitlines(True)[::-1]))
    with pytest.raises(UserError, match=f"{path} is damaged"):
        predict.run(data=video, checkpoint=str(copied_run.folder))


@pytest.mark.parametrize("flag", ["detections", "out"])
def test_flags_of_detectors(toy, video, flag):
    with pytest.raises(UsageError, match=f"--{flag} is for detectors"):
        predict.run(
            data=video, checkpoint=str(toy.run.folder), **{flag: "a.csv"}
        )
