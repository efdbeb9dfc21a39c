"""Which frames, which pixels: by hand, and uniform where drawn."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import EvaluationRecipe
from d3d_tf.data.geometry import (
    ClipGeometry,
    centre_geometry,
    crop_and_flip,
    random_geometry,
    view_geometry,
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


def views_of(length, height, width, views, frames=4, size=16):
    """(first frame, top, left) of every view; flips are never."""
    found = []
    for number in range(views.clips * views.crops):
        view = view_geometry(
            tf.constant(number),
            *(tf.constant(n) for n in (length, height, width)),
            views=views,
            frames=frames,
            size=size,
        )
        indices = view.indices.numpy()
        steps = (indices[0] + np.arange(frames)) % length
        np.testing.assert_array_equal(indices, steps)
        assert not view.flip
        found.append((int(indices[0]), int(view.top), int(view.left)))
    return found


@pytest.mark.parametrize("length", [1, 3, 4, 9, 10])
def test_a_single_view_is_the_centre(length):
    (found,) = views_of(length, 20, 31, EvaluationRecipe())
    indices, top, left, _ = centre(length, 20, 31, 4, 16)
    assert found == (indices[0], top, left)


@pytest.mark.parametrize(
    ("clips", "length", "starts"),
    [
        (2, 10, [0, 6]),  # 10 - 4: the last possible start.
        (3, 10, [0, 3, 6]),
        (4, 12, [0, 2, 5, 8]),  # 8 k / 3: 0, 2.67, 5.33, 8.
        (3, 4, [0, 0, 0]),  # As long as a clip.
        (2, 3, [0, 0]),  # Shorter.
        (10, 250, [0, 27, 54, 82, 109, 136, 164, 191, 218, 246]),
    ],
)
def test_clips_are_spread_from_beginning_to_end(clips, length, starts):
    views = EvaluationRecipe(clips=clips)
    assert views_of(length, 20, 31, views) == [(s, 2, 7) for s in starts]


@pytest.mark.parametrize(
    ("height", "width", "corners"),
    [
        # 31 - 16 = 15 columns to go: 0, 7, 15; rows in the middle: 2.
        (20, 31, [(2, 0), (2, 7), (2, 15)]),
        (31, 20, [(0, 2), (7, 2), (15, 2)]),
        (20, 20, [(2, 0), (2, 2), (2, 4)]),
    ],
)
def test_three_crops_are_along_the_longer_side(height, width, corners):
    """The same ones for each of two clips, clip by clip."""
    views = EvaluationRecipe(clips=2, crops=3)
    assert views_of(10, height, width, views) == [
        (start, *corner) for start in (0, 6) for corner in corners
    ]


def test_the_full_length_of_a_shorter_video():
    """S3D's 250 frames of a video of 100: it begins again twice."""
    view = view_geometry(
        tf.constant(0),
        tf.constant(100),
        tf.constant(20),
        tf.constant(20),
        views=EvaluationRecipe(clip_frames=250),
        frames=250,
        size=16,
    )
    expected = [*range(100), *range(100), *range(50)]
    assert view.indices.numpy().tolist() == expected


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
