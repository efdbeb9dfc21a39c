"""Clips of one pass are those that are read one by one."""

import numpy as np
import pytest

from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import read_video
from d3d_tf.video.several import read_clips
from d3d_tf.video.writing import write_video
from tests.d3d_tf.video.encoding import CLIPS, no_clips, numbered, numbers_of


def test_pictures_by_their_numbers(tmp_path):
    """60 frames at 25 per second; the clips overlap, touch, and are late.

    At 12.5 per second every second frame comes out: from 0.4 s on 10, 12, ...
    The last begins with frame 55, and the file ends with 59.
    """
    path = tmp_path / "a.mp4"
    write_video(path, numbered(0, 60), 25)
    spans = [(0.0, 0.4), (0.4, 0.8), (0.4, 0.8), (0.56, 0.96), (2.2, 2.6)]
    clips = list(
        read_clips(
            path, [*spans, (2.4, 3), (9, 10)], frame_rate=12.5, short_side=48
        )
    )
    assert [numbers_of(clip.frames) for clip in clips[:5]] == [
        [0, 2, 4, 6, 8],
        [10, 12, 14, 16, 18],
        [10, 12, 14, 16, 18],
        [14, 16, 18, 20, 22],
        [55, 57, 59],
    ]
    assert clips[5:] == [None, None]


@no_clips
@pytest.mark.parametrize("rate", [25, 30000 / 1001, 7.5])
@pytest.mark.parametrize(
    "name, late",
    [("abseiling.mp4", 4.7), ("v_GGSY1Qvo990.mp4", 5.5), ("test.avi", 5.5)],
)
def test_as_one_by_one(name, late, rate):
    """Of files of 25, 19.62 and 25 fps; from 5.5 s on `read_video` jumps."""
    spans = [(0.0, 0.5), (0.3, 1.3), (1.1, 1.15), (1.11, 3.0), (late, 99.0)]
    options = dict(frame_rate=rate, short_side=64)
    for span, clip in zip(
        spans, read_clips(CLIPS / name, spans, **options), strict=True
    ):
        start, end = span
        alone = read_video(
            CLIPS / name, **options, max_seconds=99, start=start, end=end
        )
        np.testing.assert_array_equal(clip.frames, alone.frames)
        np.testing.assert_array_equal(clip.timestamps, alone.timestamps)


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(UnreadableVideo):
        next(
            read_clips(
                tmp_path / "a.mp4", [(0, 1)], frame_rate=25, short_side=8
            )
        )
