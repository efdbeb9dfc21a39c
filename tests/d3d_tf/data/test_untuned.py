"""No tuner in what is made for training, scoring and loops of users."""

import tensorflow as tf

from d3d_tf.data.batches import batches
from d3d_tf.data.untuned import untuned
from d3d_tf.pixels import SYMMETRIC


def test_the_same_without_a_tuner():
    numbers = tf.data.Dataset.range(5).map(
        lambda x: 2 * x, num_parallel_calls=tf.data.AUTOTUNE
    )
    found = untuned(numbers)
    assert found.options().autotune.enabled is False
    assert list(found.as_numpy_iterator()) == [0, 2, 4, 6, 8]
    # What users make of it has none, either.
    assert found.batch(2).prefetch(1).options().autotune.enabled is False


def test_batches_have_none():
    made = batches(
        tf.data.Dataset.range(4),
        lambda number: ({"place": number}, number),
        2,
        SYMMETRIC,
        whole=True,
    )
    assert made.options().autotune.enabled is False
    labels = [label.tolist() for _, label in made.as_numpy_iterator()]
    assert labels == [[0, 1], [2, 3]]
