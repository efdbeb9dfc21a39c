"""Accuracies and intervals against numbers from outside."""

import math

import numpy as np
import pytest

from d3d_tf.evaluation.metrics import Metric, percent, wilson_interval


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(right, total, low, high):
    """Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3.

    The third also by hand: with z = 1.96, z^2 / (n + z^2) = 3.8416 / 23.8416
    = 0.1611.
    """
    interval = wilson_interval(right, total)
    np.testing.assert_allclose(interval, (low, high), atol=5e-5)


def test_wilson_by_its_definition():
    """Its ends are the shares p with |right / n - p| = z sqrt(p (1 - p) / n).

    z is the normal distribution's 97.5 % point: erf(z / sqrt 2) = 0.95.
    """
    for total in (1, 2, 7, 50, 400, 20_000):
        for right in {0, 1, total // 3, total - 1, total}:
            share = right / total
            low, high = wilson_interval(right, total)
            assert 0 <= low < high <= 1
            for end in (low, high):
                if abs(share - end) < 1e-12:  # Nothing or all is right.
                    assert share in (0, 1)
                    continue
                z = abs(share - end) / math.sqrt(end * (1 - end) / total)
                assert math.erf(z / math.sqrt(2)) == pytest.approx(0.95)


def test_wilson_is_the_same_for_wrong_as_for_right():
    for right in range(31):
        low, high = wilson_interval(right, 30)
        other_low, other_high = wilson_interval(30 - right, 30)
        np.testing.assert_allclose((low, high), (1 - other_high, 1 - other_low))


def test_without_a_video_nothing_is_known():
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_a_share_for_people():
    entry = {"value": 0.3625, "ci95": [0.341, 0.3849], "n": 400}
    assert percent(entry) == "36.2 % [34.1, 38.5]"


def test_a_number_with_a_unit():
    """2.5 px; the interval is in the unit, too."""
    metric = Metric("endpoint error", unit="px", scale=1.0, interval="normal")
    entry = {"value": 2.5, "ci95": [2.25, 3.0], "n": 4}
    assert metric.text(entry) == "2.5 px [2.2, 3.0]"
    assert metric.number(2.5) == "2.5"


def test_a_share_is_rounded_as_the_fraction_is():
    """109 / 400 = 27.25 %, rounded to even; 100 * 0.2725 is above."""
    assert 100 * (109 / 400) > 27.25
    assert Metric("top-1").number(109 / 400) == "27.2"


def test_what_has_not_learned():
    metric = Metric("top-1", failed_below=0.97)
    assert metric.failed(0.96)
    assert not metric.failed(0.97) and not metric.failed(None)
    assert not Metric("error").failed(0.0)
