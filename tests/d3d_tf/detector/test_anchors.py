"""Anchors and what is learned of them, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import PersonsRecipe
from d3d_tf.detector.anchors import anchor_targets, make_anchors

# Four of 8 x 8 pixels, side by side.
GRID = np.float32([[0, 0, 8, 8], [0, 8, 8, 16], [8, 0, 16, 8], [8, 8, 16, 16]])


@pytest.mark.card
def test_around_the_middle_of_each_feature():
    """Features of 8 pixels; first sizes, then ratios of width to height."""
    recipe = PersonsRecipe(
        side=16,
        min_level=3,
        max_level=4,
        anchor_sizes=(1.0, 2.0),
        ratios=(1.0, 4.0),
    )
    anchors = make_anchors(recipe)
    assert list(anchors) == ["3", "4"]
    boxes = anchors["3"].numpy().reshape(2, 2, 4, 4)
    first = [[0, 0, 8, 8], [2, -4, 6, 12], [-4, -4, 12, 12], [0, -12, 8, 20]]
    np.testing.assert_allclose(boxes[0, 0], first, atol=1e-5)
    np.testing.assert_allclose(
        boxes[1, 0], np.add(first, [8, 0, 8, 0]), atol=1e-5
    )
    # A single feature of 16.
    assert anchors["4"].shape == [1, 1, 16]
    np.testing.assert_allclose(anchors["4"][0, 0, :4], [0, 0, 16, 16])


def targets(truth, anchors=GRID, seed=0, **changes):
    recipe = PersonsRecipe(**changes)
    rows = anchor_targets(
        tf.constant(anchors), tf.constant(truth), recipe, tf.constant([3, seed])
    )
    return rows.numpy()


def test_what_anchors_show():
    """The first shares 64 / 104 with the person, which is less than 0.7 but
    more than any other; the second 40 / 128, which is neither much nor little.
    """
    rows = targets(np.float32([[0, 0, 8, 13], [5, 5, 5, 9]]))
    assert rows[:, 0].tolist() == [1, 0, 1, 1]
    assert rows[:, 1].tolist() == [1, 0, 0, 0]
    # The middle is 2.5 to the right, of a width of 8; it is 13 / 8 as wide.
    np.testing.assert_allclose(
        rows[0, 2:], [0, 2.5 / 8, 0, np.log(13 / 8)], atol=1e-6
    )
    assert not rows[1:, 2:].any()


def test_each_anchor_has_its_own_person():
    """80 % of one is in common with the first; a quarter of the last anchor
    shows another, who is nearest to no other one.
    """
    rows = targets(np.float32([[0, 0, 8, 10], [8, 8, 12, 12]]))
    assert rows[:, 1].tolist() == [1, 0, 0, 1]
    half = np.log(0.5)
    np.testing.assert_allclose(
        rows[[0, 3], 2:],
        [[0, 0.125, 0, np.log(1.25)], [-0.25, -0.25, half, half]],
        atol=1e-6,
    )


def test_nobody_is_there():
    for truth in np.zeros([0, 4]), np.zeros([2, 4]):
        rows = targets(np.float32(truth))
        assert rows[:, 0].all() and not rows[:, 1:].any()


@pytest.mark.parametrize("persons, shown", [(100, 8), (3, 3)])
def test_at_most_half_show_persons(persons, shown):
    anchors = np.concatenate([np.tile(GRID[:1], [persons, 1])] + [GRID[1:]] * 9)
    rows = targets(GRID[:1], anchors, sampled=16)
    assert rows[:, 1].sum() == shown and rows[:, 0].sum() == 16
    assert rows[:persons, 1].sum() == shown
    again, other = (targets(GRID[:1], anchors, s, sampled=16) for s in (0, 1))
    np.testing.assert_array_equal(rows, again)
    assert (rows != other).any()
