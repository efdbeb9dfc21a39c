"""Rare and frequent classes, from scores written by hand."""

import numpy as np
import pytest

from d3d_tf.report.feature_section import feature_section
from d3d_tf.runs.folder import Run
from d3d_tf.tasks.youtube8m.scores import RankedScores

# Classes of 4, 3, 2, 1 and no videos.
LABELS = np.tri(4, 5)
NAMES = {"teacher": "All", "student": "Some"}


def save(run, role, probabilities):
    scores = RankedScores.of_answers(
        np.array(list("abcd")), LABELS, np.array(probabilities)
    )
    run.scores(role, "test").parent.mkdir(parents=True, exist_ok=True)
    scores.save(run.scores(role, "test"))


def test_by_hand(tmp_path):
    """The teacher is right; the student thinks the less of a class the later
    the video, so that those with the class are the last of 4.
    """
    run = Run(tmp_path / "run")
    save(run, "teacher", LABELS * 0.5 + 0.1)
    save(run, "student", np.float64([[0.9], [0.8], [0.7], [0.6]]) + np.zeros(5))
    found = feature_section(run, list("vwxyz"), "test", NAMES)
    assert found["names"] == ["All", "Some"]
    groups = {
        (group["name"], group["videos"]): group["values"]
        for group in found["groups"]
    }
    first, second = 1, (1 / 2 + 2 / 3 + 3 / 4) / 3
    third, fourth = (1 / 3 + 2 / 4) / 2, 1 / 4
    # Sixth, third and half of four classes are 1, 1 and 2.
    assert groups == {
        ("most frequent 1", "4 to 4"): pytest.approx([100, 100]),
        ("rarest 1", "1 to 1"): pytest.approx([100, 100 * fourth]),
        ("most frequent 2", "3 to 4"): pytest.approx(
            [100, 50 * (first + second)]
        ),
        ("rarest 2", "1 to 2"): pytest.approx([100, 50 * (third + fourth)]),
    }


def test_nothing_was_scored(tmp_path):
    found = feature_section(Run(tmp_path), ["a"], "test", NAMES)
    assert found == {"names": [], "groups": []}
