"""The flow benchmark's own arithmetic; its numbers are not tested."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import flow


def test_pairs_are_neighbours_spread_over_the_video(monkeypatch):
    """Of 12 frames, 4 pairs: between the ends 0 and 10, every 2nd."""
    frames = [np.full([2, 2], i, np.uint8) for i in range(12)]
    monkeypatch.setattr(flow, "frames_of", lambda *_: iter(frames))
    pairs = flow.frames_every("video", 4)
    assert [p[:, 0, 0].tolist() for p in pairs] == [
        [2, 3],
        [4, 5],
        [6, 7],
        [8, 9],
    ]


@pytest.mark.card
def test_differences_are_to_opencv_itself(monkeypatch):
    """An algorithm that is the reference is 0 px away, in about its time."""
    monkeypatch.setattr(flow, "RECIPES", {"same": flow.REFERENCE})
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, [24, 32, 3], np.uint8)
    pair = np.stack([image, np.roll(image, 1, axis=1)])
    table = flow.compare([pair])
    assert list(table) == ["opencv", flow.PERTURBED, "same"]
    assert table["same"]["mean_px"] == table["same"]["p99_px"] == 0
    assert table["opencv"]["times_opencv"] == 1
    assert 0 < table[flow.PERTURBED]["mean_px"]


@pytest.mark.card
def test_without_avx512_nothing_is_timed_twice(monkeypatch):
    """No process is started: the videos do not exist."""
    monkeypatch.setattr("cv2.checkHardwareSupport", lambda feature: False)
    assert flow.held_to_avx2([Path("none.mp4")], 1) == {}


def test_the_tables_say_which_instructions():
    row = dict.fromkeys(
        ["ms_per_pair", "times_opencv", "mean_px", "p99_px", "worst_pair_px"], 1
    )
    roof = dict.fromkeys(
        ["ns_256x340", "ns_one_by_one", "ns_24x340", "copy_gb_per_s"], 2
    )
    results = {
        "videos": {"a.mp4": {"tvl1, cpu": row}},
        "held_to_avx2": {},
        "two_threads": 2,
        "two_threads_video": "a.mp4",
        "roofline": roof,
        "toy": {},
    }
    assert "AVX2" not in flow.markdown(results)
    both = flow.markdown(results | {"held_to_avx2": results["videos"]})
    assert "NUMBA_CPU_NAME=haswell" in both
    assert both.count("| a.mp4 | tvl1, cpu | 1.0 |") == 2


def test_the_page_has_the_place_for_the_results():
    text = flow.PAGE.read_text()
    assert text.count("<!-- measured -->\n") == 1
    assert text.count("<!-- /measured -->") == 1
