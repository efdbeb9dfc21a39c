"""The trainer and the streams of each kind of lesson."""

import numpy as np
import pytest

from d3d_tf.config import override
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.mixture import MixtureDistiller, MixtureTrainer
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UsageError
from d3d_tf.experiment.lesson import Lesson
from d3d_tf.models import make_network
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.training.flow_loss import FlowLossTrainer
from tests.harness import tiny_network
from tests.harness.tiny import VLAD_MIXTURE

LOGITS = TeacherLogits(np.array(["a"]), (np.zeros([1, 2]),))


@pytest.mark.parametrize(
    "lesson, streams, kind",
    [
        (Lesson("frames"), {"frames"}, StreamTrainer),
        (Lesson("flow"), {"flow"}, StreamTrainer),
        (Lesson("frames", tiny_network(2), "flow"), {"frames", "flow"}, None),
        (Lesson("frames", tiny_network(3), "frames"), {"frames"}, None),
        (Lesson("frames", logits=LOGITS), {"frames"}, Distiller),
        (Lesson("frames", flow=True), {"frames", "flow"}, FlowLossTrainer),
    ],
)
def test_trainer_and_streams(toy, lesson, streams, kind):
    settings = ["distill.flow_endpoint=2a", "distill.flow_weight=0.5"]
    recipe = override(toy.recipe, settings)
    network = make_network(recipe.network, 2, lesson.stream)
    made = lesson.trainer(network, recipe)
    assert set(lesson.streams) == streams
    assert type(made) is (kind or Distiller)
    assert made.network is network
    if kind is None:
        assert made.get_teacher() is lesson.teacher
        assert made.teacher_input_key == lesson.teacher_stream
    assert any("loss" in metric.name for metric in made.metrics)


def test_an_endpoint_that_is_not_there(toy):
    recipe = override(toy.recipe, ["distill.flow_weight=1"])
    network = make_network(recipe.network, 2, "frames")
    with pytest.raises(UsageError, match="distill.flow_endpoint must be among"):
        Lesson("frames", flow=True).trainer(network, recipe)


def test_mixtures_have_trainers_of_their_own():
    """Of labels, of a teacher, and of one beside; the recipe's numbers."""
    settings = ["mixture_weight=2.0", "mixture_temperature=4.0"]
    recipe = override(OWN_VIDEOS, [f"distill.{s}" for s in settings])
    network, teacher = VLAD_MIXTURE.network(), VLAD_MIXTURE.network()
    alone = Lesson("features").trainer(network, recipe)
    taught = Lesson("features", teacher, "all_features")
    beside = Lesson("features", teacher_stream="all_features")
    assert taught.streams == beside.streams
    learning = beside.trainer(network, recipe, teacher)
    taught = taught.trainer(network, recipe)
    tutor = learning.get_tutor()
    kinds = {MixtureTrainer: (alone, tutor)}
    kinds[MixtureDistiller] = (taught, learning)
    for kind, trainers in kinds.items():
        for made in trainers:
            assert type(made) is kind
            assert (made.weight, made.temperature) == (2.0, 4.0)
    assert tutor.input_key == "all_features" and taught.get_tutor() is None
    assert learning.trained() == [network, teacher]
