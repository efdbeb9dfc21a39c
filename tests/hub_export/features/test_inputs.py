"""What signatures take, and what they refuse, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.hub_export.features.inputs import (
    FeatureSpec,
    as_floats,
    checked,
    joined,
    require_range,
    seen,
)

SPEC = FeatureSpec(FrameSamplingRecipe())
ERROR = tf.errors.InvalidArgumentError


def numbered(videos=1, frames=300):
    """Frame k of each video is k + 1 everywhere."""
    count = np.arange(1, frames + 1, dtype=np.float32)
    return np.tile(count[None, :, None], [videos, 1, 1152])


def frames_seen(way, k, num_frames, *, longest=300, **more):
    """The numbers of the frames, -1 for padding, and how many count."""
    spec = FeatureSpec(FrameSamplingRecipe(way=way, k=k, **more), longest)
    count = tf.constant([num_frames])
    given = tf.constant(numbered(frames=max(num_frames, 1)))
    features, counts = seen(given, count, spec)
    assert np.ptp(features, axis=-1).max() == 0
    return (features[0, :, 0].numpy() - 1).astype(int).tolist(), int(counts[0])


@pytest.mark.parametrize(
    "way, k, num_frames, frames, count",
    [
        ("uniform", 5, 300, [0, 60, 120, 180, 240], 5),
        # 61 * 5 / 300 is 1.02; 59 of 300 have none, rounded down.
        ("uniform", 5, 61, [0, 60, -1, -1, -1], 1),
        ("uniform", 5, 59, [0, -1, -1, -1, -1], 0),
        ("first", 3, 10, [0, 1, 2], 3),
        ("middle", 4, 10, [3, 4, 5, 6], 4),
        ("last", 3, 10, [7, 8, 9], 3),
        ("first_middle_last", 3, 9, [0, 4, 8], 3),
        ("first", 4, 2, [0, 1, -1, -1], 2),
    ],
)
def test_frames_that_are_seen(way, k, num_frames, frames, count):
    assert frames_seen(way, k, num_frames) == (frames, count)


def test_rounded_up():
    found = frames_seen("uniform", 5, 59, rounding="up")
    assert found == ([0, -1, -1, -1, -1], 1)


@pytest.mark.parametrize("way", ["random", "sequence"])
def test_drawn_frames_are_always_the_same(way):
    """They are of the video, and do not depend on the others of a batch."""
    found, count = frames_seen(way, 6, 40)
    assert count == 6 and all(0 <= frame < 40 for frame in found)
    assert frames_seen(way, 6, 40)[0] == found
    spec = FeatureSpec(FrameSamplingRecipe(way=way, k=6))
    both, _ = seen(tf.constant(numbered(2)), tf.constant([300, 40]), spec)
    assert (both[1, :, 0].numpy() - 1).astype(int).tolist() == found


def test_all_frames_are_padded_with_zeros():
    """Whatever the padding held that was sent, and however long it was."""
    features, counts = seen(
        tf.constant(numbered(2, 4)), tf.constant([4, 2]), SPEC
    )
    expected = np.zeros([2, 300])
    expected[0, :4], expected[1, :2] = [1, 2, 3, 4], [1, 2]
    np.testing.assert_array_equal(features[..., 5], expected)
    assert counts.numpy().tolist() == [4, 2]


def test_means_of_videos_are_not_padded():
    spec = FeatureSpec(FrameSamplingRecipe(), longest=1)
    features, _ = seen(tf.constant(numbered(2, 1)), tf.constant([1, 1]), spec)
    assert features.shape == (2, 1, 1152)


def test_bytes():
    """0, 128 and 255: from -2 to 2, and half a 256th of that."""
    found = as_floats(tf.constant([0, 128, 255], tf.uint8))
    right = np.array([-2, 128 * 4 / 255 - 2, 2]) + 4 / 512
    np.testing.assert_allclose(found, right, atol=1e-6)
    half = as_floats(tf.constant([0.5], tf.float16))
    assert half.dtype == tf.float32 and half.numpy().tolist() == [0.5]


def videos(count, frames, width=1152):
    return np.zeros([count, frames, width], np.float32)


@pytest.mark.parametrize(
    "features, num_frames, words",
    [
        (videos(1, 0), [1], "1 to 300 frames"),
        (videos(1, 301), [1], "1 to 300 frames"),
        (videos(1, 10_000), [300], "this has.*10000"),
        (videos(2, 3), [3], "of as many videos"),
        (videos(0, 3), [3], "of as many videos"),
        (videos(2, 3), [3, 0], "from 1 to the number of frames"),
        (videos(2, 3), [3, -1], "from 1 to the number of frames"),
        (videos(2, 3), [4, 3], "from 1 to the number of frames"),
        (videos(2, 3), [2**31 - 1, -(2**31)], "from 1 to the number"),
    ],
)
def test_lengths_that_are_refused(features, num_frames, words):
    with pytest.raises(ERROR, match=f"(?s){words}"):
        checked(features, np.array(num_frames, np.int32), SPEC)


@pytest.mark.parametrize("width", [0, 1, 1024, 1151, 1153])
def test_widths_that_are_refused(width):
    with pytest.raises((ERROR, ValueError), match="1152"):
        checked(videos(1, 3, width), np.array([3], np.int32), SPEC)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38, 255, -2.2])
def test_values_that_are_refused(value):
    features = videos(2, 3)
    features[1, 2, 1151] = value
    with pytest.raises(ERROR, match=r"in \[-2, 2\]"):
        require_range(tf.constant(features))


def test_values_that_pass():
    features = np.float32([[[-2.05, 0, 2.0078]]])
    np.testing.assert_array_equal(require_range(features), features)


def test_picture_and_sound_of_other_lengths():
    rgb = tf.zeros([1, 3, 1024], tf.uint8)
    assert joined(rgb, tf.ones([1, 3, 128], tf.uint8)).shape == (1, 3, 1152)
    for shape in ([1, 2, 128], [2, 3, 128]):
        with pytest.raises(ERROR, match="as many videos and frames"):
            joined(rgb, tf.zeros(shape, tf.uint8))
