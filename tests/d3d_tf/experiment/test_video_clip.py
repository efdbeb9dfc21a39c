"""Which frames of a file a clip has, when, and their flow."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.video_clip import network_input, read_clip
from d3d_tf.pixels import SYMMETRIC
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.video.writing import write_video

RATE = 25


@pytest.fixture
def video(tmp_path):
    """40 frames of 32 x 48 pixels; frame k has the grey 6 k."""
    path = tmp_path / "v.mp4"
    grey = 6 * np.arange(40, dtype=np.uint8)
    frames = np.broadcast_to(grey[:, None, None, None], [40, 32, 48, 3])
    write_video(path, frames, RATE, crf=1)
    return str(path)


def recipe(*settings):
    clip = ["clip.size=16", "clip.frames=4", "clip.stride=2"]
    return config.override(OWN_VIDEOS, ["data.short_side=32", *clip, *settings])


def numbers(clip):
    """Of the file's frames, by their grey."""
    pixels = clip.pixels().numpy()
    assert pixels.shape[1:] == (16, 16, 3)
    return (pixels.mean(axis=(1, 2, 3)) / 6).round().tolist()


def test_the_middle_clip(video, capsys):
    """Of 40 frames the span of 7 begins at 33 // 2."""
    clip = read_clip(video, recipe())
    assert numbers(clip) == [16, 18, 20, 22]
    assert capsys.readouterr().out == ""
    np.testing.assert_allclose(clip.times, [0.64, 0.72, 0.8, 0.88])
    assert clip.gap == pytest.approx(0.08)


@pytest.mark.parametrize(
    "second, found",
    [(0.2, [5, 7, 9, 11]), (0.0, [0, 2, 4, 6]), (1.4, [35, 37, 39, 36])],
)
def test_the_clip_of_a_second(video, second, found):
    """The last one is cut off by the end, and begins again."""
    clip = read_clip(video, recipe(), second)
    assert numbers(clip) == found
    np.testing.assert_allclose(clip.times, np.array(found) / RATE)


def test_segments(video):
    """The middle of each quarter of 40 frames; their time is a quarter's."""
    segments = recipe("clip.stride=1", "clip.sampling=segments")
    clip = read_clip(video, segments)
    assert numbers(clip) == [5, 15, 25, 35]
    assert clip.gap == pytest.approx(0.4)
    with pytest.raises(UsageError, match="frames of the whole video"):
        read_clip(video, segments, 0.2)


def test_files_that_cannot_be_used(video, tmp_path):
    with pytest.raises(UserError, match="nothing.mp4 cannot be used: "):
        read_clip(str(tmp_path / "nothing.mp4"), recipe())
    with pytest.raises(UserError, match="over after 1.6 s"):
        read_clip(video, recipe(), 9.0)


def test_lost_frames_are_reported(tmp_path, write_numbered, numbers, capsys):
    """Of 40 frames those from 20 to 24 are not there."""
    times = [*range(0, 800, 40), *range(1000, 1600, 40)]
    path = str(write_numbered(tmp_path / "v.mp4", times, size=(32, 48)))
    clip = read_clip(path, recipe())
    assert numbers(clip.pixels().numpy()) == [16, 18, 19, 19]
    assert f"{path} lacks 5 frames" in capsys.readouterr().out


def test_rgb_is_as_the_networks_pixels_make_it(video):
    clip = read_clip(video, recipe())
    found = network_input(clip, recipe(), "frames", SYMMETRIC)
    expected = 6 * np.array([16, 18, 20, 22]) / 127.5 - 1
    assert found.shape == (1, 4, 16, 16, 3)
    np.testing.assert_allclose(
        tf.reduce_mean(found[0], [1, 2, 3]), expected, atol=0.02
    )
    pixels = dataclasses.replace(SYMMETRIC, mean=(0.0,) * 3, std=(1.0,) * 3)
    found = network_input(clip, recipe(), "frames", pixels)
    np.testing.assert_allclose(
        tf.reduce_mean(found[0], [1, 2, 3]), (expected + 1) / 2, atol=0.01
    )


@pytest.mark.parametrize("second", [None, 0.16])
def test_flow_is_the_motion_to_the_next_frame(tmp_path, second):
    """A texture moves by 2 pixels to the right, and stands from frame 6 on."""
    rng = np.random.default_rng(0)
    waves = sum(
        np.sin(2 * np.pi * (a * np.arange(96) + b * np.arange(32)[:, None]))
        for a, b in rng.uniform(0.03, 0.12, (6, 2))
    )
    texture = np.uint8(np.interp(waves, [-3, 3], [20, 230]))
    shifts = [2 * min(k, 6) for k in range(12)]
    frames = [texture[:, 40 - s : 80 - s, None].repeat(3, 2) for s in shifts]
    path = tmp_path / "v.mp4"
    write_video(path, frames, RATE, crf=1)
    # Its four frames begin at 4: two move, two stand.
    here = recipe("clip.stride=1")
    clip = read_clip(str(path), here, second)
    found = network_input(clip, here, "flow", SYMMETRIC)
    assert found.shape == (1, 4, 16, 16, 2)
    # px per frame / 20.
    u, v = 20 * np.mean(found[0], axis=(1, 2)).T
    np.testing.assert_allclose(u, [2, 2, 0, 0], atol=0.25)
    np.testing.assert_allclose(v, 0, atol=0.25)


def test_flow_of_a_single_frame_and_of_other_tools(video):
    """The last of 40 frames: no motion is known."""
    clip = read_clip(video, recipe(), 1.56)
    assert numbers(clip) == [39, 39, 39, 39]
    assert not np.any(network_input(clip, recipe(), "flow", SYMMETRIC))
    imported = recipe("flow.algorithm=imported", "flow.imported_codec=npy")
    with pytest.raises(UserError, match="flow.algorithm=imported"):
        network_input(clip, imported, "flow", SYMMETRIC)
