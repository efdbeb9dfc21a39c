"""Jitter of colours whose result can be said without the code."""

import colorsys

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.colour_jitter import (
    ColourJitter,
    jitter_colours,
    random_jitter,
)

NONE = {"brightness": 0.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0}


def jittered(frames, **changes):
    values = {k: tf.constant(v) for k, v in (NONE | changes).items()}
    return jitter_colours(tf.constant(frames), ColourJitter(**values)).numpy()


@pytest.fixture
def frames():
    """`[time, height, width, 3]` in [0.3, 0.7]."""
    rng = np.random.default_rng(0)
    return np.float32(rng.uniform(0.3, 0.7, [3, 4, 5, 3]))


def test_nothing_changes_nothing(frames):
    np.testing.assert_allclose(jittered(frames), frames, atol=1e-6)


def test_brightness_is_added_and_cut(frames):
    np.testing.assert_allclose(
        jittered(frames, brightness=0.2), frames + 0.2, atol=1e-6
    )
    np.testing.assert_allclose(jittered(frames, brightness=0.9), 1, atol=1e-6)


def test_contrast_is_about_the_mean_of_the_clip():
    """Frames of 0.2 and 0.6, mean 0.4; halved: 0.3 and 0.5, not 0.2 and 0.6."""
    frames = np.float32([0.2, 0.6]).reshape(2, 1, 1, 1) * np.ones(
        [2, 4, 4, 3], np.float32
    )
    found = jittered(frames, contrast=0.5)
    np.testing.assert_allclose(found[0], 0.3, atol=1e-6)
    np.testing.assert_allclose(found[1], 0.5, atol=1e-6)


@pytest.mark.parametrize(
    ("saturation", "hue"), [(0.5, 0.0), (1.2, 0.0), (1.0, 0.1), (0.7, -0.3)]
)
def test_saturation_and_hue_are_those_of_hsv(frames, saturation, hue):
    """Python's colorsys is the other implementation."""
    found = jittered(frames, saturation=saturation, hue=hue)
    for ours, pixel in zip(
        found.reshape(-1, 3), frames.reshape(-1, 3), strict=True
    ):
        h, s, v = colorsys.rgb_to_hsv(*map(float, pixel))
        expected = colorsys.hsv_to_rgb((h + hue) % 1, min(s * saturation, 1), v)
        np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_draws():
    """Within what the recipe says, all over it, and functions of the seed."""
    clip = ClipRecipe(
        jitter_brightness=0.1,
        jitter_contrast=0.2,
        jitter_saturation=0.4,
        jitter_hue=0.05,
    )

    @tf.function
    def run():
        return tf.map_fn(
            lambda i: tf.stack(random_jitter(clip, tf.stack([i, 3]))),
            tf.range(1000),
            fn_output_signature=tf.float32,
        )

    found = run().numpy()
    np.testing.assert_array_equal(found, run())
    middle, width = [0, 1, 1, 0], np.array([0.1, 0.2, 0.4, 0.05])
    scaled = (found - middle) / width
    assert abs(scaled).max() <= 1 + 1e-5
    assert (scaled.max(0) > 0.98).all() and (scaled.min(0) < -0.98).all()
    assert abs(scaled.mean(0)).max() < 5 / (3 * 1000) ** 0.5
    assert abs(np.corrcoef(scaled.T) - np.eye(4)).max() < 0.16  # Five sigma.


def test_no_jitter_by_default():
    assert random_jitter(ClipRecipe(), tf.constant([0, 0])) is None
