"""The README's table from the results of several seeds."""

import pytest

from benchmarks.table import README, markdown, pool, summarise


def metrics(right, train):
    """Results of one seed: `right` of 400 videos, D3D student only."""
    top1 = {"value": right / 400, "n": 400}
    return {
        "student/top1/same_colours": top1,
        "student/top1/shuffled_colours": top1,
        "student/train_top1": {"value": train},
        "student/parameters": {"value": 1234567},
        "student/ms_per_video": {"value": right / 10},
    }


def test_seeds_are_pooled_by_videos():
    """300 of 400 and 30 of 100 are 330 of 500; Wilson by hand.

    Share 0.66, z^2 / n = 0.0076829; centre (0.66 + 0.0038415) / 1.0076829 =
    0.65878; half width 1.959964 * sqrt(0.66 * 0.34 / 500 + 3.8415 / 10^6)
    / 1.0076829 = 0.04138.
    """
    entry = pool([{"value": 0.75, "n": 400}, {"value": 0.3, "n": 100}])
    assert entry["value"] == pytest.approx(0.66)
    assert entry["n"] == 500
    assert entry["seeds"] == [0.75, 0.3]
    assert entry["ci95"] == pytest.approx((0.6174, 0.7002), abs=1e-4)


def test_a_row_says_what_did_not_converge():
    runs = {"D3D (student)": [metrics(200, 0.99), metrics(240, 0.96)]}
    (row,) = markdown(summarise(runs)).splitlines()[2:]
    assert row.startswith("| D3D (student) | 55.0 % [")
    assert "(50.0, 60.0)" in row
    assert ">= 96.0 %, 1 did not converge" in row
    assert "1,234,567" in row


def test_the_readme_has_the_place_for_it():
    text = README.read_text()
    assert text.count("<!-- table -->\n") == 1
    assert text.count("<!-- /table -->") == 1
