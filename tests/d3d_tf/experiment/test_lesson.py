"""The trainer and the streams of each kind of lesson."""

import numpy as np
import pytest

from d3d_tf.config import override
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UsageError
from d3d_tf.experiment.lesson import Lesson
from d3d_tf.models import make_network
from d3d_tf.training.flow_loss import FlowLossTrainer
from tests.harness import tiny_network

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
