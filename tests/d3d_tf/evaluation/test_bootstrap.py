"""Intervals of means, against what is known of them."""

import numpy as np
import pytest

from d3d_tf.evaluation.bootstrap import (
    crossed_interval,
    nested_interval,
    stratified_interval,
)


def ways(values):
    return crossed_interval(values), nested_interval(list(values))


def test_one_seed_has_the_interval_of_a_mean():
    values = np.random.default_rng(1).normal(3, 2, [1, 400])
    spread = 1.96 * values.std() / 400**0.5
    for low, high in ways(values):
        assert low == pytest.approx(values.mean() - spread, abs=0.03)
        assert high == pytest.approx(values.mean() + spread, abs=0.03)


def test_seeds_that_differ_and_videos_that_do_not():
    # Of two seeds, 0 and 1, a draw of two has 0 or 1 in a quarter each.
    values = np.repeat([[0.0], [1.0]], 50, axis=1)
    for found in ways(values):
        assert found == pytest.approx((0, 1))
    for found in ways(np.full([3, 5], 7.0)):
        assert found == pytest.approx((7, 7))


def test_both_kinds_of_luck_add_up():
    """Variances of a mean: between seeds / seeds + within / all videos."""
    rng = np.random.default_rng(2)
    seeds, videos = 40, 100
    levels = rng.normal(0, 1, [seeds, 1])
    values = levels + rng.normal(0, 5, [seeds, videos])
    between = values.mean(axis=1).var() / seeds
    within = values.var(axis=1).mean() / (seeds * videos)
    low, high = nested_interval(list(values))
    assert (high - low) / 3.92 == pytest.approx(
        (between + within) ** 0.5, rel=0.05
    )


def test_what_all_seeds_find_hard_is_no_luck_of_the_seed():
    """A video's own level is drawn once for all seeds, not once per seed."""
    rng = np.random.default_rng(3)
    values = np.repeat(rng.normal(0, 1, [1, 100]), 20, axis=0)
    (low, high), (nested_low, nested_high) = ways(values)
    assert high - low == pytest.approx(3.92 * values.std() / 10, rel=0.06)
    assert (nested_high - nested_low) < 0.35 * (high - low)


def test_official_splits_are_not_drawn():
    """Of two splits that differ, only the videos are luck."""
    assert stratified_interval([np.ones(10), np.zeros(1000)]) == (0.5, 0.5)
    rng = np.random.default_rng(4)
    groups = [rng.normal(level, 1, 200) for level in (0, 5)]
    low, high = stratified_interval(groups)
    spread = sum(g.var() / 200 for g in groups) ** 0.5 / 2
    assert high - low == pytest.approx(3.92 * spread, rel=0.06)


def test_seeds_with_fewer_videos_count_as_much():
    low, high = nested_interval([np.ones(10), np.zeros(1000)])
    assert (low, high) == pytest.approx((0, 1))
