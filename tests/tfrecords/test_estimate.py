"""The estimate against the records that are then made."""

import shutil
from pathlib import Path

import pytest

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.estimate import choose_sample, estimate
from d3d_tf.tfrecords.listing import Listing, Source


def test_it_comes_near_and_writes_nothing(records):
    """All eight videos are the sample, of 36 frames; noise has equal sizes.

    Of none more than 8 frames are encoded: 6 at most, so bytes are exact but
    for the records' frames of 16 bytes in the file and the names in them.
    """
    before = records.contents()
    found = estimate(records.listing(), data=records.data, flow=records.flow)
    assert records.contents() == before
    assert (found.videos, found.sampled, found.unusable) == (8, 8, {})
    assert found.frames == 36
    stored = sum(len(before[p]) for p in before if p.endswith(".tfrecord"))
    assert found.bytes == pytest.approx(stored, rel=0.02)
    assert 0 < found.core_seconds < 60


def test_a_sample_stands_for_all(records):
    """Each video three times: 24, of which 8 are looked at."""
    for name in ("jump", "wave"):
        for k in range(4):
            for copy in "bc":
                shutil.copy(
                    f"videos/{name}/{k}.mp4", f"videos/{name}/{k}{copy}.mp4"
                )
    Path("videos/jump/0.mp4").write_text("no video")
    found = estimate(records.listing(), data=records.data, flow=records.flow)
    assert (found.videos, found.sampled) == (24, 8)
    # Videos have 3 to 6 frames, and at most one is unusable.
    assert 24 / 8 * 7 * 3 <= found.frames <= 24 * 6


def test_an_unusable_video_is_told(records):
    Path("videos/jump/0.mp4").write_text("no video")
    found = estimate(records.listing(), data=records.data, flow=records.flow)
    ((path, reason),) = found.unusable.items()
    assert path == "videos/jump/0.mp4" and "Invalid data" in reason
    assert found.frames == 33  # Without its 3.


def test_imported_flow_is_not_needed(records):
    flow = FlowRecipe(algorithm="imported", imported_codec="none")
    data = DataRecipe(short_side=32)
    assert estimate(records.listing(), data=data, flow=flow).bytes > 0


def test_the_sample_is_spread_over_the_classes():
    sources = tuple(
        Source(f"{label}/{i}", "p", label, str(label), "train")
        for label in range(4)
        for i in range(100)
    )
    sample = choose_sample(sources)
    assert len(sample) == 8 and choose_sample(sources[::-1]) == sample
    assert len({source.label for source in sample}) > 1
    assert choose_sample(sources[:3]) and len(choose_sample(sources[:3])) == 3


def test_nothing_usable_is_no_estimate(tmp_path):
    source = Source("a/1", str(tmp_path / "none.mp4"), 0, "a", "train")
    listing = Listing("x", ("a",), (source,))
    data = DataRecipe(short_side=32)
    found = estimate(listing, data=data, flow=FlowRecipe(algorithm="dis"))
    assert found.bytes == 0 and len(found.unusable) == 1
