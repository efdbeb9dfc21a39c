"""What signatures take, and what they refuse, by hand."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.hub_export.detection.inputs import (
    KeyframeSpec,
    byte_frames,
    checked_boxes,
    encoded_frames,
    unit_frames,
)

CLIP = KeyframeSpec(frames=4, short_side=40, shortest=2)
ERROR = tf.errors.InvalidArgumentError


def test_sizes():
    """Four times the training's frames; four squares of the short side."""
    assert (CLIP.longest, CLIP.most_pixels) == (16, 6400)
    assert KeyframeSpec(4, 8, 2).most_pixels == 32 * 32


def test_floats_stay():
    frames = np.random.default_rng(0).random([2, 3, 40, 56, 3], np.float32)
    np.testing.assert_array_equal(unit_frames(frames, CLIP), frames)


def test_bytes_are_shares_of_255():
    frames = np.full([1, 2, 32, 200, 3], 51, np.uint8)
    found = byte_frames(frames, CLIP)
    np.testing.assert_allclose(found, np.full(frames.shape, 0.2), rtol=1e-6)


@pytest.mark.parametrize(
    "shape, words",
    [
        ([1, 1, 40, 40, 3], "2 to 16 frames"),
        ([1, 17, 40, 40, 3], "2 to 16 frames"),
        ([1, 2, 31, 40, 3], "at least 32 pixels on each side"),
        ([1, 2, 80, 81, 3], "at most 6400 in all"),
        ([1, 2, 0, 40, 3], "at least 32"),
    ],
)
def test_frames_that_are_refused(shape, words):
    with pytest.raises(ERROR, match=words):
        unit_frames(np.zeros(shape, np.float32), CLIP)
    with pytest.raises(ERROR, match=words):
        byte_frames(np.zeros(shape, np.uint8), CLIP)


def picture(height, width, level=0, suffix=".png"):
    pixels = np.full([height, width, 3], level, np.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


def test_pictures_are_resized_and_not_cropped():
    """80 x 120 to 40 x 60; grey stays grey."""
    given = tf.constant([[picture(80, 120, 51), picture(80, 120, 102)]])
    found = encoded_frames(given, CLIP).numpy()
    assert found.shape == (1, 2, 40, 60, 3)
    np.testing.assert_allclose(found[0, 0], 0.2, rtol=1e-6)
    np.testing.assert_allclose(found[0, 1], 0.4, rtol=1e-6)


def test_no_pictures_are_no_clips():
    assert encoded_frames(tf.zeros([0, 3], tf.string), CLIP).shape[:2] == [0, 3]


@pytest.mark.parametrize(
    "pictures, words",
    [
        ([picture(40, 60), picture(40, 61)], "must have one shape"),
        ([picture(40, 200)] * 2, "at most 6400 in all"),
        ([picture(40, 60), b"GIF89a"], "neither a JPEG nor a PNG"),
        ([picture(40, 60)], "2 to 16 frames"),
    ],
)
def test_pictures_that_are_refused(pictures, words):
    with pytest.raises(ERROR, match=words):
        encoded_frames(tf.constant([pictures]), CLIP)


FRAMES = np.zeros([2, 2, 40, 40, 3], np.float32)
BOX = [0.25, 0.5, 0.75, 1.0]


def test_boxes():
    """Those a little outside are cut off; points and nothing are boxes."""
    given = np.float32([[BOX, [-0.05, 0, 0.5, 1.05]], [[0] * 4, [0.5] * 4]])
    expected = np.float32([[BOX, [0, 0, 0.5, 1]], [[0] * 4, [0.5] * 4]])
    np.testing.assert_array_equal(checked_boxes(given, FRAMES), expected)
    for count in (0, 1000):
        many = np.tile(np.float32([[BOX]]), [2, count, 1])
        assert checked_boxes(many, FRAMES).shape == [2, count, 4]


def boxes(*rows):
    return np.float32([rows, rows])


@pytest.mark.parametrize(
    "given, words",
    [
        (boxes(BOX)[:1], "of as many clips as frames; they are of"),
        (np.tile(boxes(BOX), [1, 1001, 1]), "at most 1000 boxes"),
        (boxes([64, 128, 192, 256]), "as shares of the frame"),
        (boxes([0, 0, np.nan, 1]), "as shares of the frame"),
        (boxes([0, 0, np.inf, 1]), "as shares of the frame"),
        (boxes([-0.2, 0, 1, 1]), "as shares of the frame"),
        (boxes([0.75, 0.5, 0.25, 1]), "y1 <= y2 and x1 <= x2"),
        (boxes([0.25, 1, 0.75, 0.5]), "y1 <= y2 and x1 <= x2"),
    ],
)
def test_boxes_that_are_refused(given, words):
    with pytest.raises(ERROR, match=words):
        checked_boxes(given, FRAMES)
