"""Boxes a few at a time."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.detector.many_boxes import in_parts


@pytest.mark.parametrize("count", [0, 1, 4, 5, 11])
def test_as_many_at_once_as_there_is_memory_for(monkeypatch, count):
    """Four at most; each box has its own answer, in order."""
    monkeypatch.setattr("d3d_tf.detector.many_boxes.TOGETHER", 4)
    boxes = np.random.default_rng(0).random([2, count, 4], np.float32)
    seen = []

    def answer(part):
        tf.py_function(lambda n: seen.append(int(n)), [tf.shape(part)[1]], [])
        return part[..., :3] * 2.0, part + 1.0

    logits, where = tf.function(lambda b: in_parts(answer, b, 3))(boxes)
    np.testing.assert_array_equal(logits, boxes[..., :3] * 2)
    np.testing.assert_array_equal(where, boxes + 1)
    assert len(seen) == max(1, -(-count // 4)) and max(seen) <= 4
