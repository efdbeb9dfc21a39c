"""What is written is what was given, every time to the byte."""

import numpy as np

from d3d_tf.video.reading import frame_times
from d3d_tf.video.writing import write_video
from tests.d3d_tf.video.encoding import decode, numbered, numbers_of


def test_frames_survive(tmp_path):
    write_video(tmp_path / "a.mp4", numbered(7, 30), 25)
    frames = decode(tmp_path / "a.mp4")
    assert numbers_of(frames) == list(range(7, 37))
    assert np.abs(frames.astype(int) - numbered(7, 30)).mean() < 8


def test_the_same_frames_give_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, numbered(0, 10), 25)
    assert (tmp_path / "a.mp4").read_bytes() == (
        tmp_path / "b.mp4"
    ).read_bytes()


def test_frames_are_taken_one_by_one(tmp_path):
    """As an array, also at times that are no rate's, and in another preset."""
    times = [0.0, 0.04, 0.5, 0.51, 2.0]
    frames = numbered(3, 5)
    write_video(
        tmp_path / "a.mp4", iter(frames), 25, times=times, preset="superfast"
    )
    assert numbers_of(decode(tmp_path / "a.mp4")) == [3, 4, 5, 6, 7]
    found = frame_times(tmp_path / "a.mp4")
    np.testing.assert_allclose(found, times, atol=1 / 90_000)
