"""The benchmark of kept logits: its table, and what it feeds a student."""

import types

import numpy as np

from benchmarks.kept_logits import KEPT, PAGE, PLAIN, VIEWS, logits_of, markdown


def test_every_training_video_has_logits_of_its_own():
    rows = [
        {"id": "a", "split": "train"},
        {"id": "b", "split": "test"},
        {"id": "c", "split": "train"},
    ]
    dataset = types.SimpleNamespace(used=lambda: rows, classes=["x", "y"])
    logits = logits_of(dataset)
    assert logits.ids.tolist() == ["a", "c"]
    assert len(logits.views) == VIEWS and logits.drawn
    assert {v.shape for v in logits.views} == {(2, 2)}
    assert len(np.unique(logits.views)) == 4 * VIEWS


def test_table():
    text = markdown(
        {
            "processor": "P",
            "cores": 2,
            "tensorflow": "2.15.1",
            "rounds": 3,
            "steps": 7,
            "rows": [
                {"name": PLAIN, "ms": 100, "ratio": 1, "ratio_ci95": [1, 1]},
                {
                    "name": KEPT,
                    "ms": 103.6,
                    "ratio": 1.036,
                    "ratio_ci95": [1.02, 1.0501],
                },
            ],
        }
    )
    assert f"| {PLAIN} | 100 |  |" in text
    assert f"| {KEPT} | 104 | 1.036 [1.020, 1.050] |" in text
    assert "3 turns of 7 steps" in text


def test_the_page_has_the_place_for_the_results():
    text = PAGE.read_text()
    assert text.count("<!-- kept logits -->\n") == 1
    assert text.count("<!-- /kept logits -->") == 1
