"""Pixels in [0, 1] out of what a signature is given, or a clear refusal.

That nothing else gets through is shown in test_served.py, by the run time that
makes no checks of its own.
"""

import struct

import cv2
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.hub_export.signature_inputs import (
    ClipSpec,
    byte_frames,
    encoded_frames,
    unit_frames,
)
from tests.harness import moving_texture

CLIP = ClipSpec(frames=2, size=24, short_side=32, shortest=2)


def jpeg(picture):
    return tf.io.encode_jpeg(picture, quality=95).numpy()


def decoded(*pictures):
    """One clip of encoded pictures, as levels of 255."""
    frames = encoded_frames(tf.constant([list(pictures)]), CLIP)
    assert frames.shape == (1, len(pictures), 24, 24, 3)
    return np.rint(frames[0].numpy() * 255)


def test_floats_and_bytes():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, [1, 2, 24, 24, 3], np.uint8)
    np.testing.assert_array_equal(
        byte_frames(tf.constant(pixels), CLIP), np.float32(pixels) / 255
    )
    unit = tf.constant(np.float32(pixels) / 255)
    np.testing.assert_array_equal(unit_frames(unit, CLIP), unit)
    # What bicubic resizing overshoots is no reason to refuse a clip.
    np.testing.assert_array_equal(
        unit_frames(unit * 1.15 - 0.075, CLIP), unit * 1.15 - 0.075
    )


@pytest.mark.parametrize(
    "value", [-1.0, 255.0, float("nan"), float("inf"), 1e38]
)
def test_floats_of_another_range(value):
    frames = np.full([1, 2, 24, 24, 3], 0.5, np.float32)
    frames[0, 1, 3, 5, 2] = value
    with pytest.raises(tf.errors.InvalidArgumentError, match="in \\[0, 1\\]"):
        unit_frames(tf.constant(frames), CLIP)


@pytest.mark.parametrize("time", [0, 1, 33])
def test_length(time):
    """At least `shortest`, at most 16 times `frames`."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="2 to 32 frames"):
        byte_frames(tf.zeros([1, time, 24, 24, 3], tf.uint8), CLIP)
    with pytest.raises(tf.errors.InvalidArgumentError, match="2 to 32 frames"):
        encoded_frames(tf.fill([1, time], jpeg(np.zeros([32, 32, 3]))), CLIP)


@pytest.mark.parametrize(("height", "width"), [(32, 33), (40, 32)])
def test_pictures_of_the_right_size_are_cropped_in_the_middle(height, width):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, [height, width, 3], np.uint8)
    png = tf.io.encode_png(picture).numpy()
    top, left = (height - 24) // 2, (width - 24) // 2
    expected = picture[top : top + 24, left : left + 24]
    np.testing.assert_array_equal(decoded(png, png), [expected] * 2)


@pytest.mark.parametrize(
    ("height", "width", "rule", "differing"),
    [
        (101, 64, cv2.INTER_AREA, 0.02),
        (64, 128, cv2.INTER_AREA, 0.02),
        (45, 77, cv2.INTER_AREA, 0.02),
        # OpenCV interpolates bytes in fixed point, and cuts off what is left.
        (20, 31, cv2.INTER_LINEAR, 0.2),
        (3, 5, cv2.INTER_LINEAR, 0.2),
    ],
)
def test_resizing_is_that_of_preparation(height, width, rule, differing):
    """OpenCV's, to one level and mostly the same; sides as Python rounds."""
    picture = moving_texture(1, height, width, (0, 0))[0][0]
    scale = 32 / min(height, width)
    size = round(width * scale), round(height * scale)
    expected = cv2.resize(picture, size, interpolation=rule)
    top, left = (size[1] - 24) // 2, (size[0] - 24) // 2
    expected = expected[top : top + 24, left : left + 24]
    png = tf.io.encode_png(picture).numpy()
    found = decoded(png, png)
    assert np.abs(found - expected).max() <= 1
    assert np.mean(found != expected) < differing


def test_pictures_of_several_kinds_in_one_clip():
    """Grey, with transparency, JPEG: a plane of level 96 stays one."""
    plane = np.full([50, 70, 3], 96, np.uint8)
    pictures = [
        jpeg(plane),
        tf.io.encode_png(plane).numpy(),
        tf.io.encode_png(plane[..., :1]).numpy(),
        cv2.imencode(".png", np.dstack([plane, plane[..., :1]]))[1].tobytes(),
        cv2.imencode(".png", np.uint16(plane) * 257)[1].tobytes(),
    ]
    np.testing.assert_array_equal(decoded(*pictures), 96)


def header(height, width):
    """A PNG that claims a size and holds another."""
    png = tf.io.encode_png(np.zeros([8, 8, 3], np.uint8)).numpy()
    return png[:16] + struct.pack(">II", width, height) + png[24:]


GOOD = tf.io.encode_png(np.zeros([32, 32, 3], np.uint8)).numpy()
LIMITS = "at most 33554432 pixels"


@pytest.mark.parametrize(
    ("picture", "text"),
    [
        (b"", "neither a JPEG nor a PNG"),
        (b"GIF89a" + bytes(50), "neither a JPEG nor a PNG"),
        (GOOD[:20], "neither a JPEG nor a PNG"),
        (GOOD[:-30], "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (header(2**14, 2**12), LIMITS),
        (header(2**32 - 1, 2**32 - 1), LIMITS),
        (header(0, 0), LIMITS),
        # 17 times as long as wide.
        (header(1, 17), LIMITS),
        # Small, but not once its side of 1 is resized to 32; see the ratio.
        (header(2**31, 1), LIMITS),
    ],
)
def test_what_is_no_picture(picture, text):
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        decoded(GOOD, picture)
