"""What a step needs: sizes that can be counted, and a step like any other."""

import pytest
import tensorflow as tf

from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.models import make_network
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.training.step_memory import (
    StepMemory,
    available_memory,
    step_memory,
)
from tests.harness import tiny_network

LABEL = tf.TensorSpec([None], tf.int64)


def compiled(network, **options):
    trainer = StreamTrainer(network, **options)
    optimizer = keras.optimizers.Adam()
    trainer.compile(optimizer)
    optimizer.build(trainer.trainable_variables)
    return trainer


def test_layers_by_hand():
    """8 times the sine of 1000 numbers: each is kept until its slope is made.

    That is 8 x 4000 bytes of a clip, and no more than as much again for what
    is made of them meanwhile. Weights before and after: 10 x 1000 and 1000,
    1000 x 2 and 2; as many gradients, two averages of Adam, and its step.
    """
    sines = [keras.layers.Lambda(tf.sin) for _ in range(8)]
    before, after = keras.layers.Dense(1000), keras.layers.Dense(2)
    network = keras.Sequential([before, *sines, after])
    network(tf.zeros([1, 10]))
    data = tf.TensorSpec([None, 10]), LABEL
    three, six = (step_memory(compiled(network), data, n) for n in (3, 6))
    assert 3 * 8 * 4000 <= three.moving <= 3 * 16 * 4000
    assert six.moving == pytest.approx(2 * three.moving, rel=0.02)
    assert three.fixed == six.fixed == 4 * (4 * 13002) + 8


def test_passes_keep_the_sum_of_gradients():
    trainer = compiled(tiny_network())
    data = {"frames": tf.TensorSpec([None, 2, 16, 16, 3])}, LABEL
    alone = step_memory(trainer, data, 2)
    trainer.passes = 3
    several = step_memory(trainer, data, 2)
    weights = sum(v.shape.num_elements() for v in trainer.trainable_variables)
    assert several.fixed - alone.fixed == 4 * weights
    assert several.moving == alone.moving


def test_recomputing_keeps_less():
    """On 64 x 224 x 224 a whole S3D-G keeps half; see docs/networks.md."""
    data = {"frames": tf.TensorSpec([None, 16, 64, 64, 3])}, LABEL

    def moving(recompute):
        recipe = InceptionRecipe(depth_multiplier=1 / 8, recompute=recompute)
        return step_memory(
            compiled(make_network(recipe, 3, "frames")), data, 2
        ).moving

    plain = moving(False)
    assert 0.3 * plain < moving(True) < 0.67 * plain


def test_a_teacher_counts_and_nothing_changes():
    student, teacher = tiny_network(), tiny_network()
    trainer = Distiller(teacher, student, teacher_input_key="frames")
    optimizer = keras.optimizers.SGD()
    trainer.compile(optimizer)
    optimizer.build(trainer.trainable_variables)
    before = [v.numpy() for v in trainer.variables]
    data = {"frames": tf.TensorSpec([None, 2, 16, 16, 3])}, LABEL
    found = step_memory(trainer, data, 2)
    alone = step_memory(compiled(tiny_network()), data, 2)
    teachers = sum(v.shape.num_elements() for v in teacher.variables)
    own = sum(v.shape.num_elements() for v in student.trainable_variables)
    # Adam has one average more than SGD.
    assert found.fixed - alone.fixed == 4 * (teachers - own)
    after = [v.numpy() for v in trainer.variables]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert all(metric.result() == 0 for metric in trainer.metrics)


def test_how_many_fit():
    """10 bytes and 4 for each of 3 clips: 22 of 3, 14 of 1."""
    memory = StepMemory(clips=3, fixed=10, moving=12)
    assert [memory.of(n) for n in (1, 3, 6)] == [14, 22, 34]
    assert [memory.most(n) for n in (9, 13, 14, 21, 22, 34)] == [
        *(0, 0, 1, 2, 3, 6)
    ]


def test_there_is_some():
    assert 2**26 < available_memory() < 2**46
