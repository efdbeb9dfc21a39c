"""Ensembles of results, by hand."""

import json

import numpy as np
import pytest

from d3d_tf.commands.compare import run as compare
from d3d_tf.config import EvaluationRecipe
from d3d_tf.errors import UserError
from d3d_tf.experiment.combine import fuse_results
from d3d_tf.experiment.ensemble import fuse
from d3d_tf.experiment.rows import Row
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores
from d3d_tf.tasks.classification.scores import ClassScores

# Probability of class 1 for videos a to d, whose labels are 0, 1, 1, 0.
FIRST = {"a": 0.9, "b": 0.9, "c": 0.4, "d": 0.3}  # Wrong on a and c.
SECOND = {"d": 0.6, "c": 0.7, "a": 0.8, "b": 0.3}  # Wrong on a, b and d.
LABELS = {"a": 0, "b": 1, "c": 1, "d": 0}


def scores(ones: dict, labels=LABELS) -> ClassScores:
    columns = np.array(list(ones.values()))
    return ClassScores(
        np.array(list(ones)),
        np.array([labels[name] for name in ones]),
        np.stack([1 - columns, columns], axis=1),
    )


def finished(folder, role, splits: dict):
    """A run in which one network was scored, as `evaluate` leaves it."""
    row = Row(role, splits, parameters=1, milliseconds=1.0)
    row.save(Run(folder), "digest", EvaluationRecipe())
    return folder


def test_by_hand(tmp_path, capsys):
    """Means of class 1: a 0.85, b 0.6, c 0.55, d 0.45: wrong on a alone, 3 of
    4 right, where the members have 2 and 1.
    """
    first = finished(tmp_path / "A", "student", {"test": scores(FIRST)})
    second = finished(tmp_path / "B", "baseline", {"test": scores(SECOND)})
    out = tmp_path / "both"
    fuse_results([str(first), str(second)], str(out))
    text = capsys.readouterr().out.splitlines()
    assert text[0] == "test, 4 videos"
    assert text[1].startswith(f"  {first}/scores/student-test: top-1 50.0 % [")
    assert text[2].startswith(f"  {second}/scores/baseline-test: top-1 25.0 %")
    assert text[3].startswith("  ensemble: top-1 75.0 % [")
    assert text[3].count("top-5 100.0 %") == 1
    assert text[4].startswith(
        f"  ensemble - {first}/scores/student-test: +25.0"
    )
    saved = json.loads((out / "results.json").read_text())
    assert saved["metrics"]["ensemble/top1/test"]["value"] == 0.75
    assert saved["members"] == [
        str(first / "scores" / "student-test.npz"),
        str(second / "scores" / "baseline-test.npz"),
    ]
    kept = load_scores(out / "scores" / "ensemble-test.npz")
    assert kept.ids.tolist() == ["a", "b", "c", "d"]
    np.testing.assert_allclose(
        kept.probabilities[:, 1], [0.85, 0.6, 0.55, 0.45]
    )


def test_score_files_of_one_run_and_three_members(tmp_path):
    """Thrice: (0.9 + 0.8 + 0.1) / 3 = 0.6 for a."""
    folder = finished(tmp_path / "A", "student", {"test": scores(FIRST)})
    finished(folder, "teacher", {"test": scores(SECOND)})
    third = finished(tmp_path / "C", "student", {"test": scores({"a": 0.1})})
    files = [
        folder / "scores" / "student-test.npz",
        folder / "scores" / "teacher-test.npz",
        third,
    ]
    (_, fused) = fuse(files)["test"]
    assert [len(s.ids) for s in fused] == [1] * 4
    np.testing.assert_allclose(fused[-1].probabilities, [[0.4, 0.6]])


def test_what_is_written_can_be_compared(tmp_path, capsys):
    first = finished(tmp_path / "A", "student", {"test": scores(FIRST)})
    second = finished(tmp_path / "B", "student", {"test": scores(SECOND)})
    fuse_results([str(first), str(second)], str(tmp_path / "both"))
    files = (
        first / "scores" / "student-test.npz",
        tmp_path / "both" / "scores" / "ensemble-test.npz",
    )
    compare(checkpoint=[str(file) for file in files])
    assert "B - A: +25.0 points" in capsys.readouterr().out


@pytest.mark.parametrize(
    "other, message",
    [
        ({"test": scores({"z": 0.5}, {"z": 0})}, "different videos"),
        ({"test": scores(FIRST, LABELS | {"a": 1})}, "different label maps"),
        ({"validation": scores(FIRST)}, "No split was scored by all: test in"),
        (
            {
                "test": ClassScores(
                    np.array(["a"]), np.array([0]), np.eye(3)[:1]
                )
            },
            "the same classes; these have 2, 3",
        ),
    ],
)
def test_what_is_not_fused(tmp_path, other, message):
    first = finished(tmp_path / "A", "student", {"test": scores(FIRST)})
    second = finished(tmp_path / "B", "student", other)
    with pytest.raises(UserError, match=message):
        fuse([first, second])


@pytest.mark.parametrize("name", ["absent", "absent.npz"])
def test_no_scores(tmp_path, name):
    first = finished(tmp_path / "A", "student", {"test": scores(FIRST)})
    with pytest.raises(UserError, match=f"{name} has no scores: give runs"):
        fuse([first, tmp_path / name])


def test_one_is_no_ensemble(tmp_path):
    with pytest.raises(UserError, match="two members"):
        fuse([tmp_path])


def test_what_cannot_be_written_or_read(tmp_path):
    first = finished(tmp_path / "A", "student", {"test": scores(FIRST)})
    out = first / "scores" / "student.json" / "both"
    with pytest.raises(NotADirectoryError):
        fuse_results([str(first), str(first)], str(out))
    (tmp_path / "student-test.npz").write_text("junk")
    with pytest.raises(UserError, match="holds no scores"):
        fuse([first, tmp_path / "student-test.npz"])


def test_results_of_a_run_are_not_replaced(tmp_path):
    """Of an ensemble they are: the same command can be given again."""
    first = finished(tmp_path / "A", "student", {"test": scores(FIRST)})
    results = {"recipe": {}, "metrics": {}}
    Run(first).write_results(results)
    with pytest.raises(UserError, match="A holds a run's results"):
        fuse_results([str(first), str(first)], str(first))
    assert Run(first).read_results() == results
    for _ in range(2):
        fuse_results([str(first), str(first)], str(tmp_path / "B"))
