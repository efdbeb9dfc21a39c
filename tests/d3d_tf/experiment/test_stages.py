"""The networks of the toy run: scores, sizes, pairs, where they come from."""

import dataclasses

import numpy as np
import pytest

from d3d_tf.data.pipeline import make_dataset
from d3d_tf.experiment import stages
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.experiment.stages import (
    count_parameters,
    score,
    train_missing,
)
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from tests.harness import softmax


@pytest.fixture
def experiment(toy):
    return Experiment(toy.recipe, toy.dataset(), toy.run)


def test_finished_networks_are_read_not_trained(experiment, monkeypatch):
    monkeypatch.setattr(stages, "train", None)
    for role, channels in (("teacher", 2), ("baseline", 3), ("student", 3)):
        train_missing(experiment, role)
        network = experiment.network(role)
        assert network.trunk.channels == channels
        assert experiment.network(role) is network


@pytest.mark.parametrize(
    "role, stream", [("teacher", "flow"), ("student", "frames")]
)
def test_scores_are_those_of_the_network(toy, experiment, role, stream):
    """The saved network on the test split, one by one, softmax in NumPy."""
    network = experiment.network(role)
    data = make_dataset(
        toy.dataset(),
        "shuffled_colours",
        toy.recipe.clip,
        batch_size=1,
        training=False,
        streams=(stream, "id"),
    )
    scores = score(experiment, role).scores["shuffled_colours"]
    for i, (inputs, label) in enumerate(data):
        assert scores.ids[i] == inputs["id"][0].numpy().decode()
        assert scores.labels[i] == label[0]
        np.testing.assert_allclose(
            scores.probabilities[i],
            softmax(network(inputs[stream], training=False)[0].numpy()),
            atol=1e-5,
        )
    assert i == 7
    assert score(experiment, role).scores.keys() == {
        "train",
        "same_colours",
        "shuffled_colours",
    }


def test_parameters_are_the_trained_ones(experiment):
    """Of the first kernel, of the rest, and their sums.

    7 x 7 x 7 x channels x 4 and beta 4; 4 x 4 and beta 4; head 4 x 8 and 8.
    """
    flow, frames = 343 * 2 * 4 + 64, 343 * 3 * 4 + 64
    assert {
        role: score(experiment, role).parameters
        for role in (
            "teacher",
            "baseline",
            "two_stream",
            "student",
            "ensemble",
        )
    } == {
        "teacher": flow,
        "baseline": frames,
        "two_stream": flow + frames,
        "student": frames,
        "ensemble": 2 * frames,
    }


@pytest.mark.parametrize(
    "pair, parts",
    [
        ("two_stream", ("teacher", "baseline")),
        ("ensemble", ("student", "baseline")),
    ],
)
def test_pairs_are_the_mean_of_their_probabilities(experiment, pair, parts):
    row = score(experiment, pair)
    one, other = (score(experiment, part) for part in parts)
    for split, scores in row.scores.items():
        np.testing.assert_allclose(
            scores.probabilities,
            (
                one.scores[split].probabilities
                + other.scores[split].probabilities
            )
            / 2,
        )
    assert row.milliseconds == one.milliseconds + other.milliseconds


def test_parameters_do_not_depend_on_what_is_frozen(experiment):
    """A teacher is frozen for good once it has taught a student."""
    network = experiment.network("teacher")
    before = count_parameters(network)
    network.trainable = False
    assert count_parameters(network) == before == 343 * 2 * 4 + 64


def test_student_is_taught_by_the_recipe(toy, tmp_path, monkeypatch):
    """The donor's networks; weight 0.5 of SETTINGS; streams it needs."""
    seen = {}

    def spy(make_trainer, strategy, training):
        distiller = make_trainer()
        seen.update(
            {
                "streams": set(training.streams),
                "weight": distiller.distillation_loss_weight,
                "key": distiller.teacher_input_key,
                "teacher": distiller.get_teacher(),
            }
        )
        return distiller.student

    monkeypatch.setattr(stages, "train", spy)
    donor = Experiment(toy.recipe, toy.dataset(), toy.run)
    for stream, streams, role in (
        ("flow", {"frames", "flow"}, "teacher"),
        ("rgb", {"frames"}, "baseline"),
    ):
        recipe = dataclasses.replace(
            toy.recipe,
            distill=dataclasses.replace(
                toy.recipe.distill, teacher_stream=stream
            ),
        )
        run = Run(tmp_path / stream)
        dataset = toy.dataset()
        run.start(
            recipe,
            dataset.classes,
            Origin(records=dataset.folder, flow=dataset.flow),
        )
        train_missing(
            Experiment(recipe, toy.dataset(), run, toy.run), "student"
        )
        assert seen["streams"] == streams
        assert seen["weight"] == 0.5
        assert seen["key"] == ("flow" if stream == "flow" else "frames")
        theirs = {v.name: v.numpy() for v in donor.network(role).variables}
        ours = {v.name: v.numpy() for v in seen["teacher"].variables}
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            np.testing.assert_array_equal(value, theirs[name])


def test_scores_of_other_data_are_not_used(toy, experiment, monkeypatch):
    """The digest of the records tells whether saved scores may be shown."""
    monkeypatch.setattr(stages, "score_split", None)
    score(experiment, "teacher")
    info = toy.dataset().info | {"digest": "another"}
    other = dataclasses.replace(toy.dataset(), info=info)
    with pytest.raises(TypeError):
        score(Experiment(toy.recipe, other, toy.run), "teacher")
