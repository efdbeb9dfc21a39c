"""Frames, maps and words, by their colours after decoding with PyAV."""

import av
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.crops import ClipGeometry
from d3d_tf.experiment.video_clip import VideoClip
from d3d_tf.explain.answer import Explained
from d3d_tf.explain.asked import Asked
from d3d_tf.explain.drawing import overlaid, shown_frames, write_overlays
from d3d_tf.recipes import TOY
from d3d_tf.runs.folder import Run
from d3d_tf.video.reading import frame_times

SIZE, TIMES = 16, 14  # 14 * 16 = 224 pixels.


@pytest.fixture
def clip():
    """Frames 2 and 4 of grey 10 k, 16 x 20, without 2 columns at each side."""
    grey = 10 * np.arange(6, dtype=np.uint8)
    frames = np.broadcast_to(grey[:, None, None, None], [6, 16, 20, 3]).copy()
    frames[:, :, :2] = 255
    view = ClipGeometry(
        tf.constant([2, 4]), tf.constant(0), tf.constant(2), SIZE, False
    )
    return VideoClip(frames, view, np.array([0.08, 0.16]), 0.08)


def explained(tmp_path, name, *maps):
    """A network; its maps are 1 in rows and columns that are given."""
    drawn = np.zeros([len(maps), 2, SIZE, SIZE], np.float32)
    for number, (rows, columns) in enumerate(maps):
        drawn[number, :, rows, columns] = 1
    asked = Asked(Run(tmp_path / name), "student", TOY, "a", ["x", "y"])
    return Explained(
        asked, "1f" * 32, (1, 2, 2), np.array([0.75, 0.25])[: len(maps)], drawn
    )


TOP, BOTTOM = slice(0, 8), slice(8, 16)


def test_the_frames_that_were_seen(clip):
    frames = shown_frames(clip)
    assert frames.dtype == np.uint8
    assert frames.shape == (2, SIZE, SIZE, 3)
    assert [np.unique(frame).tolist() for frame in frames] == [[20], [40]]


def test_an_overlay_is_the_mean_of_frame_and_colour():
    """The first and the last colour of turbo, from matplotlib's table."""
    frames = np.full([1, 1, 2, 3], 101, np.uint8)
    found = overlaid(frames, np.float32([[[0.0, 1.0]]]))
    assert found.dtype == np.uint8
    turbo = np.array([[48, 18, 59], [122, 4, 3]])
    np.testing.assert_array_equal(found[0, 0], (101 + turbo) // 2)


def test_the_video_has_a_row_for_a_network_and_a_column_for_a_class(
    tmp_path, clip
):
    target = tmp_path / "a.mp4"
    found = [
        explained(tmp_path, "one", (TOP, TOP), (TOP, BOTTOM)),
        explained(tmp_path, "other", (BOTTOM, TOP), (BOTTOM, BOTTOM)),
    ]
    write_overlays(target, clip, found, ["x", "y"])
    np.testing.assert_allclose(frame_times(target), [0, 0.08], atol=1e-4)
    with av.open(str(target)) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode()]
    side = SIZE * TIMES
    for grey, picture in zip((20, 40), frames, strict=True):
        rows = np.split(picture.astype(float), 2)
        head = len(rows[0]) - side
        assert picture.shape == (2 * (head + side), 3 * side, 3)
        assert head > 0
        for row, part in zip(rows, (TOP, BOTTOM), strict=True):
            # White words on black.
            assert row[:head].max() > 200 and row[:head].min() < 20
            plain, *overlays = np.split(row[head:], 3, axis=1)
            np.testing.assert_allclose(plain.mean(), grey, atol=4)
            for tile, columns in zip(overlays, (TOP, BOTTOM), strict=True):
                red = tile[..., 0] > tile[..., 2] + 20
                places = red[TIMES // 2 :: TIMES, TIMES // 2 :: TIMES]
                want = np.zeros([SIZE, SIZE], bool)
                want[part, columns] = True
                assert (places != want).mean() < 0.05


def test_odd_sides_become_even(tmp_path, clip):
    """H.264 has no others: 15 * 15 pixels and an even line of words."""
    view = clip.view._replace(size=15)
    odd = VideoClip(clip.frames, view, clip.times, clip.gap)
    one = explained(tmp_path, "one", (TOP, TOP))
    one = Explained(*list(vars(one).values())[:4], one.maps[:, :, :15, :15])
    write_overlays(tmp_path / "a.mp4", odd, [one], ["x"])
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.width == 450 and stream.height % 2 == 0
