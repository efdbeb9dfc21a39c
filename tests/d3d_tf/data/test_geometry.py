"""Which frames, which pixels: by hand, and uniform where drawn."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.geometry import (
    ClipGeometry,
    centre_geometry,
    crop_and_flip,
    random_geometry,
)


def centre(length, height, width, frames, size):
    view = centre_geometry(length, height, width, frames=frames, size=size)
    return (
        np.array(view.indices).tolist(),
        int(view.top),
        int(view.left),
        bool(view.flip),
    )


@pytest.mark.parametrize(
    "length, indices",
    [
        (4, [0, 1, 2, 3]),
        (9, [2, 3, 4, 5]),  # (9 - 4) // 2
        (10, [3, 4, 5, 6]),
        (3, [0, 1, 2, 0]),  # Too short: from the beginning again.
        (1, [0, 0, 0, 0]),
    ],
)
def test_centre_clip(length, indices):
    """The middle crop of 20 x 31: (20 - 16)/2 rows, (31 - 16)//2 columns."""
    assert centre(length, 20, 31, 4, 16) == (indices, 2, 7, False)


def draws(count, **changes):
    given = {
        "length": 10,
        "height": 20,
        "width": 18,
        "frames": 8,
        "size": 16,
        "flip": True,
    } | changes
    sizes = [given.pop(name) for name in ("length", "height", "width")]

    def draw(i):
        view = random_geometry(*sizes, seed=tf.stack([7, i]), **given)
        return view.indices, view.top, view.left, view.flip

    @tf.function
    def run():
        return tf.map_fn(
            draw,
            tf.range(count),
            fn_output_signature=(tf.int32, tf.int32, tf.int32, tf.bool),
        )

    return [value.numpy() for value in run()]


def test_draws_are_uniform():
    """Starts 0..2, tops 0..4, lefts 0..2, flips: each equally often in 3000.

    The count of one of n equal outcomes is binomial: five deviations off would
    happen once in a million.
    """
    indices, tops, lefts, flips = draws(3000)
    assert (np.diff(indices, axis=1) == 1).all()
    for values, outcomes in (
        (indices[:, 0], 3),
        (tops, 5),
        (lefts, 3),
        (flips.astype(int), 2),
    ):
        counts = np.bincount(values, minlength=outcomes)
        assert len(counts) == outcomes
        p = 1 / outcomes
        assert abs(counts - 3000 * p).max() < 5 * (3000 * p * (1 - p)) ** 0.5
    # Drawn apart from each other.
    joint = np.corrcoef([indices[:, 0], tops, lefts, flips])
    assert abs(joint - np.eye(4)).max() < 0.1


def test_a_draw_is_a_function_of_the_seed():
    for first, second in zip(draws(20), draws(20), strict=True):
        np.testing.assert_array_equal(first, second)


def test_flip_off_changes_nothing_else():
    indices, tops, lefts, flips = draws(50, flip=False)
    assert not flips.any()
    with_flip = draws(50)
    np.testing.assert_array_equal(indices, with_flip[0])
    np.testing.assert_array_equal(tops, with_flip[1])
    np.testing.assert_array_equal(lefts, with_flip[2])


def test_nothing_to_choose():
    """A video as large as the clip; a shorter one begins again."""
    indices, tops, lefts, _ = draws(5, length=3, height=16, width=16, frames=5)
    np.testing.assert_array_equal(indices, [[0, 1, 2, 0, 1]] * 5)
    assert not tops.any() and not lefts.any()


@pytest.mark.parametrize("flip", [False, True])
def test_crop_and_flip_of_known_pixels(flip):
    """Pixel (t, y, x) holds 100 t + 10 y + x; NumPy's slices are the truth."""
    t, y, x = np.meshgrid(
        np.arange(3), np.arange(6), np.arange(8), indexing="ij"
    )
    pixels = (100 * t + 10 * y + x)[..., None]
    view = ClipGeometry(
        None, tf.constant(1), tf.constant(3), 4, tf.constant(flip)
    )
    expected = pixels[:, 1:5, 3:7]
    if flip:
        expected = expected[:, :, ::-1]
    found = crop_and_flip(tf.constant(pixels), view)
    np.testing.assert_array_equal(found, expected)
