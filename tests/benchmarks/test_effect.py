"""Differences of students, paired over videos, pooled over seeds."""

import numpy as np
import pytest

from benchmarks.effect import changes, markdown, row, sentence
from benchmarks.table import CONTROL, SPLITS
from tests.benchmarks.test_jhmdb import scores


def test_changes_are_by_video_and_not_by_place():
    first, second = scores(1, 0, 1), scores(1, 1, 0)
    assert changes(first, second).tolist() == [0, 1, -1]
    turned = second.of(second.ids)
    turned = type(turned)(
        turned.ids[::-1], turned.labels, turned.probabilities[::-1]
    )
    assert changes(first, turned).tolist() == [0, 1, -1]


def test_seeds_count_alike_and_are_shown():
    found = [np.array([1, 0, 0, 0]), np.array([0, 0, -1, 0])]
    rows = [row("RGB", split, found) for split in SPLITS]
    assert rows[0]["value"] == 0
    assert rows[0]["seeds"] == [0.25, -0.25]
    low, high = rows[0]["ci95"]
    assert low == pytest.approx(-high, abs=0.05) and high > 0.2
    text = markdown({"rows": rows, "seeds": [6, 7], "processor": "a machine"})
    assert "| RGB | +0.0 [" in text and "| +25.0, -25.0 |" in text
    assert "Seeds 6, 7, 4 test videos each" in text


def test_the_readme_has_both_differences():
    rows = [
        row(name, split, [np.array(found), np.array(found)])
        for name, found in (("RGB", [1, 1]), (CONTROL, [-1, -1]))
        for split in SPLITS
    ]
    text = sentence({"rows": rows, "seeds": [6, 7]})
    assert "100.0 [100.0, 100.0] points above RGB" in text
    assert "-100.0 [-100.0, -100.0] above the control" in text
    assert "2 other seeds" in text
