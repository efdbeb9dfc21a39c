"""Which boxes are learned, from boxes whose overlap is known."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.detector.sampling import Lesson, choose

# Two persons of three actions.
PERSONS = np.float32(
    [[0.0, 0.0, 0.4, 0.4, 1, 0, 1], [0.5, 0.5, 1.0, 1.0, 0, 1, 0]]
)
# Nine tenths of the first; half of the second; nobody, three times.
PROPOSALS = np.float32(
    [
        [0.0, 0.0, 0.36, 0.4],
        [0.5, 0.5, 0.75, 1.0],
        [0.0, 0.6, 0.3, 0.9],
        [0.0, 0.7, 0.3, 0.9],
        [0.0, 0.8, 0.3, 0.9],
    ]
)


def chosen(persons=PERSONS, proposals=PROPOSALS, seed=0, **changes):
    settings = {"jitter": 0.0, "rois": 8, "foreground_share": 1.0}
    recipe = DetectorRecipe(**settings | changes)
    boxes, lesson = choose(
        tf.constant(persons),
        tf.constant(proposals),
        recipe,
        tf.constant([3, seed]),
    )
    return boxes.numpy(), Lesson(*(a.numpy() for a in Lesson.of(lesson)))


def sorted_rows(rows):
    return sorted(map(tuple, np.round(rows.tolist(), 4).tolist()))


def test_boxes_and_what_they_show():
    boxes, lesson = chosen()
    assert boxes.shape == (8, 4) and lesson.actions.shape == (8, 3)
    # Two true ones, two like them, three of nobody, one that is none.
    assert lesson.persons[:, 0].tolist() == [1] * 4 + [0] * 4
    assert lesson.weights[:, 0].tolist() == [1] * 7 + [0]
    assert sorted_rows(boxes[:4]) == sorted_rows(
        np.concatenate([PERSONS[:, :4], PROPOSALS[:2]])
    )
    for box, actions in zip(boxes[:4], lesson.actions[:4], strict=True):
        assert actions.tolist() == ([1, 0, 1] if box[0] == 0 else [0, 1, 0])
    assert not lesson.actions[4:].any() and not lesson.offsets[4:].any()
    # The centre is 0.02 too high, of a height of 0.36; so is that.
    (place,) = np.flatnonzero(np.isclose(boxes[:, 2], 0.36))
    np.testing.assert_allclose(
        lesson.offsets[place],
        [10 * 0.02 / 0.36, 0, 5 * np.log(0.4 / 0.36), 0],
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "changes, persons, others",
    [
        ({"boxes": "truth"}, 2, 0),
        ({"boxes": "proposals"}, 2, 3),
        ({"boxes": "rpn"}, 4, 3),
        ({"foreground_iou": 0.85}, 3, 4),
        ({"foreground_iou": 0.85, "background": False}, 3, 0),
        ({"rois": 4, "foreground_share": 0.5}, 2, 2),
        ({"rois": 4, "foreground_share": 0.0}, 1, 3),
    ],
)
def test_settings(changes, persons, others):
    _, lesson = chosen(**changes)
    assert lesson.persons.sum() == persons
    assert lesson.weights.sum() == persons + others


def test_nobody_is_left():
    """Of a crop that lost all persons: background alone, or nothing."""
    none = np.zeros([0, 7], np.float32)
    _, lesson = chosen(persons=none)
    assert lesson.weights.sum() == 5 and not lesson.persons.any()
    assert not lesson.actions.any()
    # One that was cropped away is none, too.
    _, lesson = chosen(persons=np.float32([[0, 0, 0, 0.4, 1, 1, 1]]))
    assert not lesson.persons.any()
    boxes, lesson = chosen(none, np.zeros([0, 4], np.float32))
    assert not boxes.any() and not lesson.weights.any()


def test_jitter_is_bounded_and_drawn_anew():
    """Middle and size by up to a fifth of the size; never out of it all."""
    person = np.float32([[0.5, 0.2, 0.9, 0.4, 1, 0, 0]])
    empty = np.zeros([0, 4], np.float32)
    found = np.stack(
        [
            chosen(person, empty, seed=seed, jitter=0.2)[0][0]
            for seed in range(200)
        ]
    )
    size = found[:, 2:] - found[:, :2]
    middle = (found[:, 2:] + found[:, :2]) / 2
    assert (found >= 0).all() and (found <= 1).all()
    inside = found[:, 2] < 1
    assert abs(middle[inside, 0] - 0.7).max() == pytest.approx(0.08, abs=0.01)
    assert abs(middle[:, 1] - 0.3).max() == pytest.approx(0.04, abs=0.004)
    assert size[:, 1].min() == pytest.approx(0.16, abs=0.004)
    assert size[:, 1].max() == pytest.approx(0.24, abs=0.004)
    again = chosen(person, empty, seed=7, jitter=0.2)[0]
    np.testing.assert_array_equal(again[0], found[7])
