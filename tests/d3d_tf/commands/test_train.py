"""One network, its row and its page."""

import contextlib
import dataclasses
import io
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.commands import probe, train
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint


def test_one_network_and_nothing_held_out(toy, tmp_path):
    """`--mode=train` on records of training videos only.

    A table of one row, no module; the user is told what the scores are of.
    """
    folder = tmp_path / "only_train"
    folder.mkdir()
    dataset = toy.dataset()
    shards = {
        name: count
        for name, count in dataset.info["shards"].items()
        if name.startswith("train-")
    }
    for name in shards:
        (folder / name).symlink_to(dataset.folder / name)
    info = dataset.info | {"splits": {"train": 16}, "shards": shards}
    del info["manifest_sha256"]
    (folder / "dataset.json").write_text(json.dumps(info))
    rows = [row for row in dataset.rows() if row["split"] == "train"]
    (folder / "manifest.json").write_text(json.dumps(rows))
    run = Run(tmp_path / "run")
    shown = toy.again(mode=train, run=run, data=str(folder))
    assert "warning: no video was held out" in shown
    assert "Flow (teacher)" in shown and "RGB" not in shown
    assert os.listdir(run.folder / "checkpoints") == ["teacher"]
    assert not run.export_path.exists()
    assert f"report: {run.report_path}" in shown and run.report_path.exists()


@pytest.mark.large
def test_learned_flow_from_the_parts_of_a_run(toy, copied_run, tmp_path):
    """A fine-tuned probe, then the network of three parts: one step that
    learns nothing leaves each part as what it started from.
    """
    settings = ["train.steps=1", "probe.endpoints=1a", "probe.networks=[]"]
    with contextlib.redirect_stdout(io.StringIO()):
        probe.run(
            config.override(toy.recipe, settings),
            checkpoint=str(copied_run.folder),
            data=str(toy.dataset().folder),
        )
    recipe = config.override(
        toy.recipe,
        [
            "model=s3dg_learned_flow",
            "network.flow_endpoint=Conv2d_1a_7x7",
            *("stream=rgb", "train.steps=1", "weight_decay=0.0"),
            "learning_rate=0.0000001",
        ],
    )
    run = Run(tmp_path / "learned")
    again = dataclasses.replace(toy, recipe=recipe).again
    shown = again(run=run, mode=train, init=[str(copied_run.folder)])
    assert "baseline.temporal starts from the teacher of" in shown
    assert "baseline.predictor starts from the baseline of" in shown
    assert "from scratch" not in shown and "RGB (baseline)" in shown
    trunk = load_checkpoint(run.folder).trunk
    teacher = load_checkpoint(copied_run.folder, "teacher").trunk
    (folder,) = copied_run.probes.glob("baseline-finetuned-Conv2d_1a_7x7-*")
    checkpoints = folder / "checkpoints" / "probe"
    saved = tf.train.load_checkpoint(str(checkpoints / "ckpt-1"))
    key = "network/{}/.ATTRIBUTES/VARIABLE_VALUE".format
    for found, expected in (
        (trunk.temporal.units[2].conv.kernel, teacher.units[2].conv.kernel),
        (
            trunk.predictor.units[0].conv.kernel,
            saved.get_tensor(key("before/0/conv/kernel")),
        ),
        (
            trunk.decoder.predict.kernel,
            saved.get_tensor(key("decoder/predict/kernel")),
        ),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    origin = run.origin()
    (entry,) = origin["weights"]["init"]
    assert entry["networks"]["baseline.predictor"]["probe"] == folder.name
    # The same command goes on: it is the same start.
    again(run=run, mode=train, init=[str(copied_run.folder)])
    assert run.origin() == origin
