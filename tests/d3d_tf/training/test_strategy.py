"""How many replicas, and which batches they can share."""

import pytest
import tensorflow as tf

from d3d_tf.distill.distiller import Distiller
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.training.strategy import make_strategy
from tests.harness import tiny_network


def test_all_local_devices_by_default():
    """conftest.py makes two logical CPUs; GPUs would come first."""
    assert make_strategy(6).num_replicas_in_sync == 2


def test_named_devices():
    assert make_strategy(5, ["/cpu:0"]).num_replicas_in_sync == 1


def test_a_batch_that_cannot_be_shared():
    with pytest.raises(
        UserError, match=r"train\.batch_size=5 .* 2 devices.*multiple of 2"
    ):
        make_strategy(5)


def test_a_batch_that_cannot_be_computed_in_so_many_passes():
    assert make_strategy(12, passes=3).num_replicas_in_sync == 2
    with pytest.raises(
        UserError,
        match="=8 .*2 devices and train.accumulate=3 passes.*multiple of 6",
    ):
        make_strategy(8, passes=3)


def test_devices_are_mirrored_by_one_strategy_only():
    """TensorFlow numbers the sums over replicas per strategy and remembers
    their shapes per process: a second strategy on the same devices dies with
    "Shape mismatch in the collective instance" at its first other network.
    """
    assert make_strategy(4) is make_strategy(6)
    assert make_strategy(4, ["/cpu:0"]) is not make_strategy(4)


def test_no_tpu():
    with pytest.raises(UserError, match="no TPU that is called 'local'"):
        make_strategy(4, kind="tpu")


@pytest.mark.large
def test_xla_compiles_a_step_of_distillation(seed):
    """As a TPU has it; losses are those without."""
    inputs = {
        "frames": tf.random.uniform([4, 4, 16, 16, 3]),
        "flow": tf.random.uniform([4, 4, 16, 16, 2]),
    }
    losses = []
    for compiled in (False, True):
        keras.utils.set_random_seed(1)
        trainer = Distiller(tiny_network(channels=2), tiny_network())
        trainer.compile("sgd")
        trainer.optimizer.build(trainer.trainable_variables)
        step = tf.function(trainer.train_step, jit_compile=compiled)
        for _ in range(2):
            found = step((inputs, tf.constant([0, 1, 2, 0])))
        losses.append([float(value) for value in found.values()])
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
