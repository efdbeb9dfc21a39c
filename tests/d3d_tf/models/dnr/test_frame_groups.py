"""Groups of frames by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.dnr.frame_groups import FrameGroups


def clip(frames=5):
    """Frames 1, 2, 3, ... of one channel; each has pixels 0 and 2 times it."""
    numbers = tf.range(1.0, frames + 1.0)
    pixels = numbers[None, :, None, None, None] * [[[0.0], [2.0]]]
    return tf.ensure_shape(pixels, [1, frames, 1, 2, 1])


@pytest.mark.parametrize("known", [True, False])
def test_five_frames_by_two(known):
    """(1 + 2) / 2, (3 + 4) / 2, and the last frame by itself."""

    def run(clip):
        groups = FrameGroups(clip, 2)
        means = groups.means(clip)
        return means, groups.spread(means), groups.each(lambda x: -x, clip)

    if not known:
        spec = tf.TensorSpec([None, None, 1, 2, 1])
        run = tf.function(run, input_signature=[spec])
    means, spread, each = run(clip())
    assert means.shape == (3, 1, 1)
    np.testing.assert_array_equal(means[:, 0, 0], [1.5, 3.5, 5])
    assert spread.shape == (1, 5, 1, 1, 1)
    np.testing.assert_array_equal(tf.squeeze(spread), [1.5, 1.5, 3.5, 3.5, 5])
    np.testing.assert_array_equal(each, -clip())


def test_each_group_is_seen_by_itself():
    seen = []

    def function(part):
        seen.append(part.shape[1])
        return part

    FrameGroups(clip(), 2).each(function, clip())
    assert seen == [2, 2, 1]
    FrameGroups(clip(), 9).each(function, clip())
    assert seen[3:] == [5]


def test_one_group_of_all():
    groups = FrameGroups(clip())
    assert groups.number == 1
    np.testing.assert_array_equal(groups.means(clip()), [[[3]]])
    np.testing.assert_array_equal(
        tf.squeeze(groups.spread(tf.fill([1, 1, 1], 7.0))), [7] * 5
    )
