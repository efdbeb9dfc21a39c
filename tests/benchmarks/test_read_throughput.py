"""Candidates give clips of the same kind, and are timed as they should."""

import numpy as np
import pytest

from benchmarks import read_throughput
from benchmarks.preparation import pieces
from benchmarks.read_throughput import BATCH, files, garden, ours, turn
from d3d_tf.config import ClipRecipe
from d3d_tf.video.writing import write_video
from tests.harness import Video, moving_texture, write_records

SMALL = ClipRecipe(frames=4, size=16)


def test_a_turn_leaves_out_its_first_batches():
    drawn = []

    def batches():
        for number in range(100):
            drawn.append(number)
            yield number

    rate, spent = turn(batches, 6 * BATCH)
    assert len(drawn) == 3 + 6
    assert rate > 0 and spent >= 0


def test_clips_from_video_files(tmp_path, monkeypatch):
    """The first frames of the piece, cropped in the middle, in [-1, 1]."""
    monkeypatch.setattr(read_throughput, "CLIP", ClipRecipe(frames=3, size=16))
    frames, _ = moving_texture(6, 256, 272, (1.0, 0.0))
    # H.264 is near lossless here, but stores colours at half the size.
    frames = np.repeat(frames[..., :1], 3, axis=-1)
    path = tmp_path / "a.mp4"
    write_video(path, frames, 25)
    batch = next(files(pieces([path], 2)))
    assert batch.shape == (BATCH, 3, 16, 16, 3) and batch.dtype == np.float32
    expected = frames[:3, 120:136, 128:144] / 127.5 - 1
    for clip in batch:
        assert np.abs(clip - expected).mean() < 0.03


def test_what_checking_costs(tmp_path):
    """Less than a millisecond, as bytes per record play no part in it."""
    frames = np.zeros([2, 16, 16, 3], np.uint8)
    video = Video("a", 0, frames, np.full([2, 16, 16, 2], 128, np.uint8))
    folder = write_records(tmp_path / "set", [video])
    found = read_throughput.checking(folder, records=50)
    assert 0 < found["opening_us"] < 1000 and found["reading_us"] < 5000


@pytest.mark.card
@pytest.mark.large
def test_the_model_garden_reads_the_same_pixels(tmp_path, monkeypatch):
    """Centre crops of the same record; theirs are in [0, 1]."""
    monkeypatch.setattr(read_throughput, "CLIP", SMALL)
    monkeypatch.setattr(read_throughput, "BATCH", 1)
    frames, _ = moving_texture(6, 256, 264, (1.0, 0.0))
    video = Video("a", 0, frames, np.full([6, 256, 264, 2], 128, np.uint8))
    folder = write_records(tmp_path / "set", [video])
    inputs, _ = next(iter(ours(folder, training=False)))
    features, _ = next(iter(garden(folder, training=False)))
    np.testing.assert_array_equal(
        np.rint((inputs["frames"][0].numpy() + 1) * 127.5),
        np.rint(features["image"][0].numpy() * 255),
    )
