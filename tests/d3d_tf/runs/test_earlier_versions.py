"""A run folder and a module of version 0.1.0 still open, and answer the same.

`run_0_1_0.tar.gz` was made at commit c9662e5, before the modules moved, by
--mode=distill on the toy (three steps of an S3D-G that ends at Conv2d_2b_1x1);
`logits.json` is what that version said of the clips below.
"""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.doctor.check_run import check_run
from d3d_tf.roles import STREAM
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.opening import open_run
from d3d_tf.runs.origin import Origin
from d3d_tf.streams import CHANNELS


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("D3D_TF_CACHE", str(tmp_path / "cache"))
    with tarfile.open(Path(__file__).with_name("run_0_1_0.tar.gz")) as file:
        file.extractall(tmp_path, filter="data")
    return Run(tmp_path / "run")


def clip(low: float, channels: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    values = rng.uniform(low, 1, [1, 4, 16, 16, channels])
    return values.astype(np.float32)


@pytest.fixture
def logits(run):
    return json.loads((run.folder / "logits.json").read_text())


def test_its_networks(run, logits):
    for role, stream in STREAM.items():
        network = load_checkpoint(run.folder, role)
        np.testing.assert_allclose(
            network(clip(-1, CHANNELS[stream]))[0], logits[role], atol=1e-5
        )


def test_its_module(run, logits):
    path = run.export_path / "1"
    module = tf.saved_model.load(str(path))
    np.testing.assert_allclose(
        module(clip(0, 3))[0], logits["module"], atol=1e-5
    )
    again = load_checkpoint(open_run(str(path)).folder)
    np.testing.assert_allclose(
        again(clip(0, 3) * 2 - 1)[0], logits["module"], atol=1e-5
    )


def test_it_goes_on(run):
    """The same recipe is the same: nothing in the folder is refused."""
    origin = run.origin()
    before = run.recipe_path.read_text()
    run.start(
        run.recipe(), run.labels(), Origin(records=None, flow=origin["flow"])
    )
    assert run.recipe_path.read_text() == before
    assert run.read_results()["metrics"]["student/parameters"]["value"] == 4180
    first, second = check_run(run, None)
    assert (first.level, second.check) == ("OK", "records of the run")
