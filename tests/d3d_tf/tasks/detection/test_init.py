"""What is said of persons."""

import numpy as np

from d3d_tf.tasks.detection import TASK

CLASSES = ["run", "sit", "eat"]


def test_words():
    answers = np.float32([[0.9, 0.1, 0.6], [0.1, 0.2, 0.3]])
    assert TASK.describe(answers, CLASSES) == [
        "person 1: run, eat",
        "person 2: none",
    ]
    persons = np.float32([[0, 0, 1, 1, 0, 1, 0], [0, 0, 1, 1, 1, 0, 1]])
    assert TASK.caption(persons, None, CLASSES) == "sit; run, eat"
    assert TASK.caption(persons[:0], None, CLASSES) == "nobody"
    assert TASK.agreement.same(answers, answers + 0.01)
    assert not TASK.agreement.same(answers, 1 - answers)
