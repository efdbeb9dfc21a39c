"""The shift is that of TSM's authors, and of MMAction2."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.resnet.shift import temporal_shift
from tests.d3d_tf.models.resnet import copied_goldens
from tests.d3d_tf.models.resnet.golden_resnet import check_summary, tensor

OPS = copied_goldens.load()["ops"]


@pytest.mark.parametrize("name", [n for n in OPS if n.startswith("shift/")])
def test_shift_is_the_original(name):
    case = OPS[name]
    clip = tensor(**case["input"])
    shifted = temporal_shift(tf.constant(clip), case["shift_div"])
    check_summary(shifted, case["arrays"]["value"], 1e-11)


def test_three_frames_by_hand():
    """Of two channels in four, one from the next frame, one from before."""
    clip = tf.reshape(tf.range(1.0, 13.0), [1, 3, 1, 1, 4])
    found = temporal_shift(clip, 4)[0, :, 0, 0]
    expected = [[5, 0, 3, 4], [9, 2, 7, 8], [0, 6, 11, 12]]
    np.testing.assert_array_equal(found, expected)


def test_one_frame_and_few_channels():
    """There is no other frame; less than one part is nothing."""
    clip = tf.ones([2, 1, 1, 1, 8])
    np.testing.assert_array_equal(
        temporal_shift(clip, 4)[1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]
    )
    assert temporal_shift(clip, 9) is clip
