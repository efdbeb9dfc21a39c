"""RGB records of other tools through the jobs."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.commands import distill, evaluate, train
from d3d_tf.errors import UserError
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.runs.folder import Run
from tests.harness import foreign_record, write_shard
from tests.toy_run import TINY

SETTINGS = [
    "train.steps=3",
    "train.batch_size=4",
    "train.checkpoint_every=2",
    *(f"network.{key}={value}" for key, value in TINY.items()),
]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Two classes, six training and two test videos of 24 x 32 pixels."""
    folder = tmp_path_factory.mktemp("theirs")
    rng = np.random.default_rng(0)

    def record(name):
        frames = rng.integers(0, 256, [5, 24, 32, 3], np.uint8)
        return foreign_record(
            [tf.io.encode_jpeg(frame).numpy() for frame in frames],
            clip__label__text=name,
        )

    pair = ("jump", "wave")
    write_shard(folder / "train.tfrecord", [record(n) for n in 3 * pair])
    write_shard(folder / "test.tfrecord", [record(n) for n in pair])
    return folder


def start(theirs, tmp_path, mode, *settings):
    run = Run(tmp_path / "run")
    mode.run(
        config.override(OWN_VIDEOS, [*SETTINGS, *settings]),
        data=str(theirs),
        records_dir=str(tmp_path / "records"),
        run_dir=str(run.folder),
    )
    return run


@pytest.mark.large
def test_they_train_the_baseline(theirs, tmp_path, capsys):
    """`--mode=train --set stream=rgb`: 5 frames; 7/8 of 24 is 21, so 16."""
    run = start(theirs, tmp_path, train, "stream=rgb")
    out = capsys.readouterr().out
    assert "2 test, 6 train; 2 classes; no flow" in out
    assert "RGB only" in out
    assert run.recipe().clip == config.ClipRecipe(frames=5, size=16, flip=True)
    metrics = json.loads(run.results_path.read_text())["metrics"]
    assert metrics["baseline/top1"]["n"] == 2
    assert metrics["baseline/train_top1"]["n"] == 6
    assert "The records have none." in run.report_path.read_text()
    evaluate.run(checkpoint=[str(run.folder)])
    assert "RGB (baseline)" in capsys.readouterr().out


@pytest.mark.parametrize("mode", [train, distill])
def test_flow_is_missing(theirs, tmp_path, mode):
    with pytest.raises(UserError, match="no optical flow.*stream=rgb"):
        start(theirs, tmp_path, mode)
    assert not (tmp_path / "run").exists()
