"""Which frames, which pixels: by hand, and uniform where drawn."""

import collections
import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.crops import (
    ClipGeometry,
    centre_geometry,
    crop_and_flip,
    random_geometry,
    view_geometry,
)


def centre(length, height, width, frames, size):
    clip = ClipRecipe(frames=frames, size=size)
    view = centre_geometry(length, height, width, clip)
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
            clip=ClipRecipe(frames=frames, size=size),
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
    ("clips", "length", "starts"),
    [
        (2, 10, [0, 3]),  # SlowFast: k (10 - 4) / 2.
        (4, 12, [0, 2, 4, 6]),
        (3, 9, [0, 1, 3]),  # 5 k / 3: 0, 1.67, 3.33.
        (10, 250, [0, 24, 49, 73, 98, 123, 147, 172, 196, 221]),
        (1, 10, [3]),  # The middle, which SlowFast has not.
    ],
)
def test_clips_in_equal_parts(clips, length, starts):
    views = EvaluationRecipe(clips=clips, spacing="equal_parts")
    assert views_of(length, 20, 31, views) == [(s, 2, 7) for s in starts]


@pytest.mark.parametrize(
    ("short_side", "size", "side", "top", "left"),
    [
        # 16 of a short side of 20 scaled to 25 are 12.8 stored pixels, so 13.
        (25, 16, 13, 3, 9),
        (20, 16, 16, 2, 7),
        # X3D's 30 views: all of the short side.
        (16, 16, 20, 0, 5),
        # Enlarged: 16 of 40 are 8.
        (40, 16, 8, 6, 11),
    ],
)
def test_a_scaled_video(short_side, size, side, top, left):
    """20 x 31; the centre, and the size of what is cut."""
    view = view_geometry(
        tf.constant(0),
        *(tf.constant(n) for n in (4, 20, 31)),
        views=EvaluationRecipe(scaled_short_side=short_side),
        clip=ClipRecipe(frames=4, size=size),
    )
    assert view.shape.numpy().tolist() == [side, side]
    assert (int(view.top), int(view.left)) == (top, left)
    assert view.size == size


def test_three_crops_of_a_scaled_video():
    """13 pixels of 31 columns: 0, 9, 18."""
    views = EvaluationRecipe(crops=3, scaled_short_side=25)
    found = views_of(10, 20, 31, views)
    assert found == [(3, 3, 0), (3, 3, 9), (3, 3, 18)]


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
        clip=ClipRecipe(frames=250, size=16),
    )
    expected = [*range(100), *range(100), *range(50)]
    assert view.indices.numpy().tolist() == expected


@pytest.mark.parametrize(
    ("length", "indices"),
    [
        (20, [5, 8, 11, 14]),  # A span of 10: (20 - 10) // 2.
        (10, [0, 3, 6, 9]),
        (5, [0, 3, 1, 4]),  # 6 and 9 begin again.
    ],
)
def test_a_centre_clip_of_every_third_frame(length, indices):
    clip = ClipRecipe(frames=4, size=16, stride=3)
    view = centre_geometry(length, 20, 20, clip)
    assert view.indices.numpy().tolist() == indices


@pytest.mark.parametrize(
    ("length", "indices"),
    [
        # 10 (k + 1/2) / 4: 1.25, 3.75, 6.25, 8.75.
        (10, [1, 3, 6, 8]),
        (4, [0, 1, 2, 3]),
        # 0.375, 1.125, 1.875, 2.625.
        (3, [0, 1, 1, 2]),
        (1, [0, 0, 0, 0]),
    ],
)
def test_a_centre_clip_of_segments(length, indices):
    clip = ClipRecipe(frames=4, size=16, sampling="segments")
    view = centre_geometry(length, 20, 20, clip)
    assert view.indices.numpy().tolist() == indices


@pytest.mark.parametrize(
    ("changes", "indices"),
    [
        # A span of 10 in 20: from 0 and from 20 - 10.
        ({"stride": 3}, [[0, 3, 6, 9], [10, 13, 16, 19]]),
        # Segments of 5: in their middle, 2.5, and at their beginning.
        ({"sampling": "segments"}, [[2, 7, 12, 17], [0, 5, 10, 15]]),
    ],
)
def test_two_clips_of_a_video_that_leave_frames_out(changes, indices):
    for number in range(2):
        view = view_geometry(
            tf.constant(number),
            tf.constant(20),
            tf.constant(20),
            tf.constant(20),
            views=EvaluationRecipe(clips=2),
            clip=ClipRecipe(frames=4, size=16, **changes),
        )
        assert view.indices.numpy().tolist() == indices[number]


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
    clip = ClipRecipe(**given)

    def draw(i):
        view = random_geometry(*sizes, clip=clip, seed=tf.stack([7, i]))
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


def test_draws_are_those_of_version_0_1_0():
    """Clips of a resumed run stay the same: first frame, top, left, flip."""
    indices, tops, lefts, flips = draws(6)
    found = np.stack([indices[:, 0], tops, lefts, flips], 1).tolist()
    assert found == [
        [0, 4, 1, 1],
        [1, 4, 2, 0],
        [0, 2, 0, 1],
        [2, 2, 0, 0],
        [2, 3, 2, 1],
        [0, 2, 2, 0],
    ]


def within_five_deviations(counts, total, shares):
    spread = (total * shares * (1 - shares)) ** 0.5
    return (abs(counts - total * shares) < 5 * spread + 1e-9).all()


def test_every_third_frame_from_a_uniform_start():
    """A span of 10 in 13: it begins at 0, 1, 2 or 3."""
    indices, *_ = draws(1000, length=13, frames=4, stride=3)
    assert (np.diff(indices, axis=1) == 3).all()
    counts = np.bincount(indices[:, 0], minlength=4)
    assert len(counts) == 4
    assert within_five_deviations(counts, 1000, np.full(4, 0.25))


def test_one_frame_of_each_segment():
    """Of 0 1 2, 3 4 5, 6 7 8 and 9 10 11, uniformly, apart from each other."""
    indices, *_ = draws(1000, length=13, frames=4, sampling="segments")
    for k, drawn in enumerate(indices.T):
        counts = np.bincount(drawn, minlength=13)
        shares = (np.arange(13) // 3 == k) / 3
        shares[12] = 0  # What is left is not seen.
        assert within_five_deviations(counts, 1000, shares)
    joint = np.corrcoef(indices.T)
    assert abs(joint - np.eye(4)).max() < 0.15


def test_a_random_short_side():
    """16 of 20 to 32 pixels, in a video whose short side is 40.

    640 / side: 32, 30.5, 29.1, 27.8, 26.7, 25.6, 24.6, 23.7, 22.9, 22.1, 21.3,
    20.6, 20; rounded, 21 comes of two.
    """
    clip = ClipRecipe(frames=1, size=16, short_sides=(20, 32), flip=False)

    @tf.function
    def run():
        def draw(i):
            view = random_geometry(3, 40, 50, clip=clip, seed=tf.stack([7, i]))
            return tf.stack([*tf.unstack(view.shape), view.top, view.left])

        return tf.map_fn(draw, tf.range(2600))

    height, width, top, left = run().numpy().T
    np.testing.assert_array_equal(height, width)
    shares = np.zeros(33)
    for side in (32, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 21, 20):
        shares[side] += 1 / 13
    counts = np.bincount(height, minlength=33)
    assert within_five_deviations(counts, 2600, shares)
    # Anywhere that it fits: to both ends.
    for place, room in ((top, 40 - height), (left, 50 - width)):
        assert (place >= 0).all() and (place <= room).all()
        assert (place == 0).any() and (place == room).any()
        middle = (place / np.maximum(room, 1)).mean()
        assert middle == pytest.approx(0.5, abs=0.03)


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


@pytest.fixture(scope="module")
def sampling(goldens):
    """Boxes of MMAction2's own code (goldens/dnr, section 7)."""
    return json.loads((goldens / "dnr" / "sampling.json").read_text())


@pytest.mark.parametrize("number", range(6))
def test_multi_scale_crops(sampling, number):
    """All of MMAction2's MultiScaleCrop are drawn, no other one, uniformly."""
    case = sampling["multi_scale"][number]
    crop = {5: "corners", 13: "quarters"}[case["num_fixed_crops"]]
    clip = ClipRecipe(frames=1, size=case["input_size"], crop=crop, flip=False)

    @tf.function
    def run():
        def draw(i):
            view = random_geometry(
                3,
                case["height"],
                case["width"],
                clip=clip,
                seed=tf.stack([7, i]),
            )
            return tf.stack([*tf.unstack(view.shape), view.top, view.left])

        return tf.map_fn(draw, tf.range(3000))

    found = np.unique(run().numpy(), axis=0, return_counts=True)
    counts = dict(zip(map(tuple, found[0].tolist()), found[1], strict=True))
    expected = collections.Counter(
        (kind["crop_h"], kind["crop_w"], y, x)
        for kind in case["candidates"]
        for x, y in kind["offsets_xy"]
    )
    assert counts.keys() == expected.keys()
    total = expected.total()
    assert total == 10 * case["num_fixed_crops"]
    for box, ways in expected.items():
        share = ways / total
        spread = (3000 * share * (1 - share)) ** 0.5
        assert abs(counts[box] - 3000 * share) < 5 * spread


def boxes(case, views, size):
    """(left, top, right, bottom) of every view."""
    found = []
    for number in range(views.crops):
        view = view_geometry(
            tf.constant(number),
            *(tf.constant(n) for n in (8, case["height"], case["width"])),
            views=views,
            clip=ClipRecipe(frames=4, size=size),
        )
        left, top = int(view.left), int(view.top)
        found.append([left, top, left + size, top + size])
    return found


@pytest.mark.parametrize("number", range(5))
def test_crops_of_mmaction2(sampling, number):
    """Three, in another order, and one."""
    case = sampling["three_crop"][number]
    three = EvaluationRecipe(crops=3, even_margins=True)
    found = boxes(case, three, case["crop"])
    assert sorted(found) == sorted(case["boxes_x1y1x2y2"])
    case = sampling["center_crop"][number]
    found = boxes(case, EvaluationRecipe(), case["crop"])
    assert found == [case["box_x1y1x2y2"]]


@pytest.mark.parametrize("flip", [False, True])
def test_a_resized_crop(flip):
    """A slope stays a slope: 6 x 8 pixels at (1, 3), to 4 x 4.

    Pixel k of 4 is where k' = (k + 1/2) 6/4 - 1/2 of 6 was (half-pixel
    centres), so 1 + k' in rows, and 3 + (k + 1/2) 8/4 - 1/2 in columns.
    """
    y, x = np.meshgrid(np.arange(10.0), np.arange(12.0), indexing="ij")
    pixels = np.float32(np.stack([x, y], -1))[None]
    view = ClipGeometry(
        None,
        tf.constant(1),
        tf.constant(3),
        4,
        tf.constant(flip),
        tf.constant([6, 8]),
    )
    columns = [3.5, 5.5, 7.5, 9.5]
    rows = [1.25, 2.75, 4.25, 5.75]
    found = crop_and_flip(tf.constant(pixels), view).numpy()[0]
    for row in found[..., 0]:
        np.testing.assert_allclose(row, columns[::-1] if flip else columns)
    for column in found[..., 1].T:
        np.testing.assert_allclose(column, rows)
    # 8 columns became 4, 6 rows 4.
    np.testing.assert_allclose(view.stretch(), [0.5, 2 / 3])


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
