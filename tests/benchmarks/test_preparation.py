"""Pieces of videos, and the speed of preparing them."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import preparation
from benchmarks.preparation import measure, picture_bytes, pieces
from d3d_tf.video.writing import write_video
from tests.harness import Video, moving_texture, write_records


def test_pieces_go_from_the_beginning_to_the_end(tmp_path):
    """7 s: its last frame is at 6.96 s, so the last piece begins at 2.96 s."""
    video = tmp_path / "a.mp4"
    write_video(video, np.zeros([175, 16, 16, 3], np.uint8), 25)
    listing = pieces([video], 3)
    assert [s.start for s in listing.sources] == pytest.approx([0, 1.48, 2.96])
    assert all(s.end - s.start == pytest.approx(4) for s in listing.sources)
    assert [s.id for s in listing.sources] == ["a-0", "a-1", "a-2"]
    assert [s.label for s in listing.sources] == [0, 1, 0]


def test_picture_bytes(tmp_path):
    """JPEG of a constant grey, as TensorFlow writes it, is always as large."""
    frames = np.full([3, 16, 16, 3], 77, np.uint8)
    video = Video("a", 0, frames, np.full([3, 16, 16, 2], 128, np.uint8))
    folder = write_records(tmp_path / "set", [video])
    found = picture_bytes(folder)
    jpeg = tf.io.encode_jpeg(frames[0], quality=95, chroma_downsampling=False)
    assert found["rgb"] == pytest.approx(len(jpeg.numpy()), rel=0.2)
    assert 0 < found["flow"] < 1000


@pytest.mark.large
def test_measure(tmp_path, monkeypatch):
    """0.4 s of 25 frames per second are 10 frames of each piece."""
    monkeypatch.setattr(preparation, "SECONDS", 0.4)
    video = tmp_path / "a.mp4"
    frames, _ = moving_texture(12, 64, 64, (1.0, 0.0))
    write_video(video, frames, 25)
    found = measure(pieces([video], 2), tmp_path)
    assert found["videos"] == 2 and found["frames"] == 20
    assert found["decode_fps_per_core"] > found["prepare_fps_per_core"] > 0
    size = found["bytes_per_frame"]
    assert size["all"] > size["rgb"] + size["flow"]
