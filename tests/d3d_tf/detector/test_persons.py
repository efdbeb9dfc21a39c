"""Proposals of a network whose answers are known."""

import dataclasses
import sys

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import PersonsRecipe
from d3d_tf.detector.persons import IMAGENET, PersonFinder
from d3d_tf.errors import UserError
from tests.harness import randomize

pytestmark = pytest.mark.card

# 4 x 4 features of 8 pixels, and anchors that are as large.
RECIPE = PersonsRecipe(
    depth=10,
    min_level=3,
    max_level=3,
    filters=4,
    side=32,
    anchor_sizes=(1.0,),
    ratios=(1.0,),
    proposals=20,
)


def constant(score=0.0, offsets=(0, 0, 0, 0), **changes):
    """One that says the same of all anchors."""
    finder = PersonFinder(dataclasses.replace(RECIPE, **changes))
    anchors = len(finder.recipe.anchor_sizes)
    for variable in finder.variables:
        value = np.zeros(variable.shape)
        if variable.name.endswith("rpn-scores/bias:0"):
            value += score
        if variable.name.endswith("rpn-boxes/bias:0"):
            value += np.tile(offsets, anchors)
        variable.assign(value)
    return finder


def proposed(finder, height, width):
    pictures = tf.zeros([2, height, width, 3])
    boxes, scores = finder.propose(finder(pictures), pictures)
    np.testing.assert_array_equal(boxes[0], boxes[1])
    return boxes[0].numpy(), scores[0].numpy()


def rows(boxes):
    return sorted(map(tuple, np.round(boxes.tolist(), 5).tolist()))


def test_anchors_of_the_picture():
    """It covers the upper half of the square: two rows of four anchors; the
    others have no area in it. N is the number of anchors, 16.
    """
    boxes, scores = proposed(constant(np.log(3)), 10, 20)
    assert boxes.shape == (16, 4) and scores.shape == (16,)
    np.testing.assert_allclose(scores, [0.75] * 8 + [0] * 8, atol=1e-6)
    quarter = [(x / 4, (x + 1) / 4) for x in range(4)]
    expected = [(y, x1, y + 0.5, x2) for y in (0.0, 0.5) for x1, x2 in quarter]
    assert rows(boxes[:8]) == sorted(expected)
    assert not boxes[8:].any()


def test_a_crop_that_fills_a_quarter():
    """Of a square for pictures of 40 pixels: four anchors of half its sides."""
    boxes, scores = proposed(constant(1.0, longest=40), 20, 20)
    assert (scores > 0).sum() == 4
    halves = [(0.0, 0.5), (0.5, 1.0)]
    expected = [(y1, x1, y2, x2) for y1, y2 in halves for x1, x2 in halves]
    assert rows(boxes[:4]) == sorted(expected)


def test_anchors_are_moved():
    """By half of their width to the right, and twice as high: in the square of
    32 pixels, they are 16 high and 8 wide, 4 pixels further.
    """
    finder = constant(1.0, (0, 0.5, np.log(2), 0), nms_iou=1.0)
    boxes, _ = proposed(finder, 32, 32)
    lows = np.array([-4, 4, 12, 20])
    expected = [
        (max(y, 0) / 32, x / 32, min(y + 16, 32) / 32, min(x + 8, 32) / 32)
        for y in lows
        for x in (4, 12, 20, 28)
    ]
    assert rows(boxes) == rows(np.array(expected))


@pytest.mark.parametrize("iou, count", [(0.7, 16), (0.85, 20)])
def test_equal_ones_are_dropped(iou, count):
    """In the middle of the square a box and one 1.1 times as large share
    1 / 1.21 = 0.83. Of 32, at most 20 are proposed.
    """
    finder = constant(1.0, anchor_sizes=(1.0, 1.1), nms_iou=iou)
    boxes, scores = proposed(finder, 32, 32)
    assert (scores > 0).sum() == count
    assert ((boxes[:, 2:] > boxes[:, :2]).all(1) == (scores > 0)).all()


def test_nobody_is_there():
    boxes, scores = proposed(constant(-200.0), 32, 32)
    assert not boxes.any() and not scores.any()


def test_what_the_network_is_shown():
    """A picture in the square, normalised; no size is special."""
    finder = PersonFinder(RECIPE)
    randomize(finder)
    picture = np.random.default_rng(0).random([1, 16, 24, 3], np.float32)
    square = np.zeros([1, 32, 32, 3], np.float32)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    normal = tf.image.resize((picture - mean) / std, [21, 32])
    square[:, :21] = normal
    assert IMAGENET.mean == tuple(mean) and IMAGENET.std == tuple(std)
    expected = finder.rpn(square)
    for one, other in zip(
        tf.nest.flatten(finder(picture)),
        tf.nest.flatten(expected),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_targets_are_in_the_order_of_the_answers():
    """Answers that are the targets propose the persons themselves."""
    recipe = dataclasses.replace(
        RECIPE, min_level=2, anchor_sizes=(1.0, 2.0), ratios=(0.5, 1.0)
    )
    finder = PersonFinder(recipe)
    truth = np.float32([[[0.1, 0.1, 0.5, 0.4], [0.4, 0.5, 0.95, 0.9]]])
    pictures = tf.zeros([1, 24, 32, 3])
    targets = finder.targets(truth, pictures, np.int32([[1, 2]]))[0].numpy()
    answers = finder(pictures)
    flat, _ = finder.flat(answers)
    assert targets.shape == (flat.shape[1], 6)
    scores, offsets, start = {}, {}, 0
    for level, value in answers[0].items():
        part = targets[start : start + np.prod(value.shape)]
        start += len(part)
        scores[level] = tf.reshape(20 * part[:, 1] - 10, value.shape)
        offsets[level] = tf.reshape(part[:, 2:], answers[1][level].shape)
    boxes, said = finder.propose((scores, offsets), pictures)
    assert (said[0].numpy() > 0.5).sum() == 2
    assert rows(boxes[0, :2].numpy()) == rows(truth[0])
    again, _ = finder.flat((scores, offsets))
    np.testing.assert_array_equal(again[0] > 0, targets[:, 1] > 0)


def test_a_frozen_one_is_not_trained():
    frozen = PersonFinder(dataclasses.replace(RECIPE, frozen=True))
    assert not frozen.trainable_variables and frozen.variables
    assert PersonFinder(RECIPE).trainable_variables


def test_without_model_garden(monkeypatch):
    monkeypatch.setitem(sys.modules, "official", None)
    with pytest.raises(UserError, match="needs TensorFlow Model Garden"):
        PersonFinder(RECIPE)
