"""The arithmetic of clusters by hand; engines that write the same bytes."""

import json

import pytest

from benchmarks import preparation
from benchmarks.cluster import PAGE, RESULTS, hours, markdown, measure
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture

RESULT = {
    "processor": "P",
    "cores": 2,
    "load_before": 0.2,
    "rounds": 3,
    "videos": 8,
    "bytes_per_frame": 50_000.0,
    "rows": [
        {"engine": engine, "workers": workers, "fps": fps}
        for engine, workers, fps in (
            ("local", 1, 10.0),
            ("local", 2, 14.0),
            ("dask", 1, 8.0),
            ("dask", 2, 12.0),
        )
    ],
}


def test_hours():
    """266,245 videos of 250 frames at 10 a second: 1848.9 hours of one worker.

    256 workers: 7.222; a shard of 4096 takes 0.4514, and 255/256 of that more.
    """
    assert hours(1, 10.0) == pytest.approx((1848.92, 1848.92), rel=1e-5)
    assert hours(256, 10.0) == pytest.approx((7.2224, 7.6720), rel=1e-4)


def test_the_table():
    """Of Dask 12 / 8; 2311 hours by 16 are 144.4, and 15/16 * 9.03 more; 16 *
    8 * 0.05 MB."""
    text = markdown(RESULT)
    assert "| local engine | 2 | 14.0 | 1.40 |" in text
    assert "| Dask | 2 | 12.0 | 1.50 |" in text
    assert "| 16 workers | 144 | 153 | 6.4 |" in text
    assert "| 16 x 16 workers | 9 | 10 | 102.4 |" in text
    assert "PRELIMINARY" not in text
    assert "(load 3.5)" in markdown(RESULT | {"load_before": 3.5})


def test_the_page_shows_the_results_that_are_kept():
    assert markdown(json.loads(RESULTS.read_text())) in PAGE.read_text()


@pytest.mark.card
@pytest.mark.large
def test_measure(tmp_path, monkeypatch):
    """0.4 s of 25 frames per second are 10 frames of each piece."""
    monkeypatch.setattr(preparation, "SECONDS", 0.4)
    video = tmp_path / "a.mp4"
    frames, _ = moving_texture(12, 64, 64, (1.0, 0.0))
    write_video(video, frames, 25)
    found = measure(preparation.pieces([video], 2), 1)
    assert found["videos"] == 2 and found["bytes_per_frame"] > 0
    assert [(r["engine"], r["workers"]) for r in found["rows"]] == [
        *(("local", 1), ("local", 2)),
        *(("dask", 1), ("dask", 2)),
    ]
    assert all(row["fps"] > 0 for row in found["rows"])
