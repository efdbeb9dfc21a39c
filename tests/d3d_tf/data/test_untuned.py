"""No tuner: what is given to Keras, to replicas and to loops of users."""

import tensorflow as tf

from d3d_tf.data.untuned import untuned


def test_the_same_without_a_tuner():
    numbers = tf.data.Dataset.range(5).map(
        lambda x: 2 * x, num_parallel_calls=tf.data.AUTOTUNE
    )
    found = untuned(numbers)
    assert found.options().autotune.enabled is False
    assert list(found.as_numpy_iterator()) == [0, 2, 4, 6, 8]
    # What users make of it has none, either.
    assert found.batch(2).prefetch(1).options().autotune.enabled is False
