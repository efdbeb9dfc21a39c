"""The figures of single classes, from scores written by hand."""

import re

import numpy as np
import pytest

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.report.class_section import class_section
from d3d_tf.runs.folder import Run
from d3d_tf.tasks.classification.scores import ClassScores

CLASSES = ["jump", "wave"]
RESULTS = {
    "per_class": {
        "jump": {"value": 1.0, "n": 2},
        "wave": {"value": 0.5, "n": 2},
    }
}


def words(svg: str) -> set[str]:
    """matplotlib draws letters as paths and tells them in comments."""
    return set(re.findall(r"<!-- (.*?) -->", svg))


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path / "run")


def save(run, role, guesses):
    ids, labels = np.array(list("abcd")), np.array([0, 0, 1, 1])
    run.scores(role, "test").parent.mkdir(parents=True, exist_ok=True)
    ClassScores(ids, labels, np.eye(2)[guesses]).save(run.scores(role, "test"))


def test_distillation_is_compared(run):
    """Right: 3 of 4 after 1 of 4; jump 0 to 2 of 2, wave 1 of 2 in both."""
    save(run, "baseline", [1, 1, 1, 0])
    save(run, "student", [0, 0, 0, 1])
    section = class_section(run, CLASSES, "test", RESULTS, Metric("top-1"))
    assert section["summary"].startswith(
        "Student minus baseline, video by video: +50.0 points ["
    )
    assert section["summary"].endswith(
        "over 4 videos); 1 of 2 classes better, 0 worse, 1 within 0.1 %"
    )
    assert {*CLASSES, "points by distillation"} <= words(section["difference"])
    assert {*CLASSES, "top-1, %"} <= words(section["accuracy"])


def test_a_student_alone(run):
    save(run, "student", [0, 0, 1, 1])
    section = class_section(run, CLASSES, "test", RESULTS, Metric("top-1"))
    assert section["accuracy"]
    assert not section["difference"] and not section["summary"]
