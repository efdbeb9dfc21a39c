"""The networks of a run: where they are, what they are."""

import numpy as np
import pytest

from d3d_tf.config import override
from d3d_tf.experiment import stages
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.experiment.stages import (
    train_missing,
)
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.networks import I3D, S3DG
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.origin import Origin
from d3d_tf.training.checkpoints import save_finished


@pytest.fixture
def experiment(toy):
    return Experiment(toy.recipe, toy.dataset(), toy.run)


def test_networks_differ(experiment):
    """Student and baseline: the same start and data, another loss."""
    student = experiment.network("student").get_weights()
    baseline = experiment.network("baseline").get_weights()
    assert any((s != b).any() for s, b in zip(student, baseline, strict=True))


def test_devices(experiment):
    assert experiment.devices() == "2 CPU replica"


def test_precision_of_the_recipe(toy, precision):
    recipe = override(toy.recipe, ["train.mixed_precision=mixed_bfloat16"])
    Experiment(recipe, toy.dataset(), toy.run)
    assert keras.mixed_precision.global_policy().name == "mixed_bfloat16"


def test_a_teacher_of_another_network(toy, tmp_path, monkeypatch):
    """An I3D teaches an S3D-G; it is read from the run as what it is."""
    recipe = override(
        toy.recipe, ["teacher.model=i3d", "distill.terms=[{weight: 3}]"]
    )
    dataset, run = toy.dataset(), Run(tmp_path / "run")
    run.start(
        recipe,
        dataset.classes,
        Origin(records=dataset.folder, flow=dataset.flow),
    )
    experiment = Experiment(recipe, dataset, run)
    teacher = experiment.make("teacher")
    assert isinstance(teacher, I3D) and teacher.trunk.channels == 2
    for role in ("baseline", "student"):
        assert isinstance(experiment.make(role), S3DG)
    save_finished(teacher, run.checkpoints("teacher"), {})
    again = load_checkpoint(run.folder, "teacher")
    clip = np.random.default_rng(0).normal(size=[1, 4, 16, 16, 2])
    np.testing.assert_array_equal(again(clip), teacher(clip))
    seen = []

    def spy(make_trainer, strategy, training):
        seen.append(make_trainer())
        return seen[0].student

    monkeypatch.setattr(stages, "train", spy)
    train_missing(experiment, "student")
    assert isinstance(seen[0].get_teacher(), I3D)
    assert [term.weight for term in seen[0].get_terms()] == [3.0]
