"""The flow benchmark's own arithmetic; its numbers are not tested."""

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


def test_the_page_has_the_place_for_the_results():
    text = flow.PAGE.read_text()
    assert text.count("<!-- measured -->\n") == 1
    assert text.count("<!-- /measured -->") == 1
