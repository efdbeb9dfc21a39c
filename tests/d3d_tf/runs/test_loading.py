"""The network that a run folder gives back."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import Recipe
from d3d_tf.errors import UserError
from d3d_tf.models import make_network
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint, role_to_load
from d3d_tf.runs.origin import Origin
from tests.harness import randomize

RECIPE = Recipe(
    name="small",
    network=InceptionRecipe(
        depth_multiplier=1 / 64, min_depth=5, final_endpoint="MaxPool_2a_3x3"
    ),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("runs") / "small")
    run.start(RECIPE, ["a", "b", "c"], Origin(records=run.folder, flow={}))
    return run


@pytest.fixture(scope="module")
def saved(run):
    """Networks by role, as a training leaves them; the student unfinished."""
    networks = {}
    for seed, (role, stream) in enumerate(
        [("teacher", "flow"), ("baseline", "frames"), ("student", "frames")]
    ):
        network = make_network(RECIPE.network, 3, stream)
        randomize(network, seed)
        folder = run.checkpoints(role)
        tf.train.Checkpoint(network=network).save(str(folder / "ckpt"))
        if role != "student":
            (folder / "finished.json").write_text("{}")
        networks[role] = network
    return networks


@pytest.mark.parametrize(
    "role, found", [(None, "baseline"), ("teacher", "teacher")]
)
def test_a_network_with_its_weights(run, saved, role, found):
    """Without a role: the baseline, as the student is not finished."""
    network = load_checkpoint(str(run.folder), role)
    clip = tf.random.normal([1, 4, 16, 16, 2 if role else 3])
    np.testing.assert_array_equal(network(clip), saved[found](clip))


def test_the_student_comes_first(run, saved):
    finished = run.checkpoints("student") / "finished.json"
    finished.write_text("{}")
    try:
        network = load_checkpoint(run.folder)
    finally:
        finished.unlink()
    for ours, theirs in zip(
        network.get_weights(), saved["student"].get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_nothing_finished(run, saved):
    with pytest.raises(UserError, match="no finished student: .*goes on"):
        load_checkpoint(run.folder, "student")


def test_no_run(tmp_path):
    with pytest.raises(UserError, match="is no run"):
        load_checkpoint(tmp_path)


def test_a_module_of_features_has_no_classifier(tmp_path):
    run = Run(tmp_path / "features")
    run.start(
        RECIPE,
        [],
        Origin(records=None, flow={}, weights={"module": {"source": "m"}}),
    )
    folder = run.checkpoints("initial")
    folder.mkdir(parents=True)
    (folder / "finished.json").write_text("{}")
    with pytest.raises(UserError, match="or a module, .*it holds initial"):
        load_checkpoint(run.folder)


def test_a_run_of_features_that_has_a_teacher_alone(feature_run, tmp_path):
    """As `--mode=train` makes it with all frames."""
    run = Run(shutil.copytree(feature_run.run.folder, tmp_path / "run"))
    assert role_to_load(run) == "student"
    run.checkpoints("student").rename(run.checkpoints("teacher"))
    assert role_to_load(run) == "teacher"
    network = load_checkpoint(run.folder)
    weights = feature_run.network.get_weights()
    for found, right in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(found, right)
