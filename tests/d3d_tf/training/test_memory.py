"""A step that asks for more memory than there is."""

import pytest
import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.errors import UserError
from d3d_tf.training.memory import naming_shortage, parts_below
from d3d_tf.training.strategy import make_strategy


@pytest.mark.large  # TensorFlow tries for ten seconds.
def test_what_needs_less_is_said(replicas):
    """4 TB are really asked for; 48 clips on 2 devices, in two parts of 12."""
    train = TrainRecipe(batch_size=48, accumulate=2)
    with pytest.raises(
        UserError,
        match=r"12 clips of train.batch_size=48 .*accumulate=3 it is 8,"
        ".*recompute",
    ):
        with naming_shortage(train, make_strategy(48)):
            tf.zeros([2**40])


def test_nothing_is_left_to_divide():
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when ...")
    with pytest.raises(UserError, match="time. --set network.recompute"):
        with naming_shortage(TrainRecipe(batch_size=2), make_strategy(2)):
            raise error


def test_another_shortage():
    with pytest.raises(tf.errors.ResourceExhaustedError):
        with naming_shortage(TrainRecipe(), make_strategy(2)):
            raise tf.errors.ResourceExhaustedError(None, None, "of a quota")


@pytest.mark.parametrize(
    ("clips", "parts", "more"), [(6, 1, 2), (6, 2, 3), (6, 3, 6), (6, 6, None)]
)
def test_parts(clips, parts, more):
    assert parts_below(clips, parts) == more
