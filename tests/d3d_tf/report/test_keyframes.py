"""What is said of boxes, by hand; and where they are drawn."""

import numpy as np

from d3d_tf.report.keyframes import (
    MISSED,
    RIGHT,
    WIDTH,
    WRONG,
    draw,
    verdicts,
)

CLASSES = ["run", "sit"]
LEFT, RIGHT_HALF = [0.0, 0.0, 1.0, 0.5], [0.0, 0.5, 1.0, 1.0]


def said(persons, boxes, probabilities):
    return verdicts(
        np.float32(persons).reshape(-1, 6),
        np.float32(boxes).reshape(-1, 4),
        np.float32(probabilities).reshape(-1, 2),
        CLASSES,
    )


def test_right_and_half_right():
    (one,) = said([[*LEFT, 1, 1]], [LEFT], [[0.9, 0.2]])
    assert (one.colour, one.text) == (RIGHT, "run 90 %, not sit")
    (one,) = said([[*LEFT, 1, 0]], [LEFT], [[0.9, 0.6]])
    assert (one.colour, one.text) == (WRONG, "run 90 %, sit 60 % (no)")


def test_missed_and_false_alarms():
    persons = [[*LEFT, 1, 0], [*RIGHT_HALF, 0, 1]]
    # The second box is like the first person's, who is found already; a third
    # says nothing, a fourth is none.
    boxes = [LEFT, [0, 0, 0.9, 0.5], RIGHT_HALF, [0, 0, 0, 0]]
    found = said(persons, boxes, [[0.9, 0], [0.8, 0], [0.4, 0.3], [1, 1]])
    assert [(v.colour, v.text) for v in found] == [
        (RIGHT, "run 90 %"),
        (WRONG, "run 80 % (no)"),
        (MISSED, "missed: sit"),
    ]
    assert said([], [], []) == []


def test_boxes_are_where_they_are():
    """Twice as large as the picture: edges are 2 pixels wide."""
    found = said([[0.25, 0.5, 0.5, 0.75, 1, 0]], [], [])
    pixels = draw(np.zeros([80, 160, 3], np.uint8), found)
    assert pixels.shape == (160, WIDTH, 3)
    rows, columns = np.nonzero(pixels[..., 0] > 200)
    assert (rows.min(), rows.max()) == (40, 79)
    assert (columns.min(), columns.max()) == (160, 239)
