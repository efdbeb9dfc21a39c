"""Modules that were commands: each says which mode it is now, and works."""

import importlib
import json

import numpy as np
import pytest

from d3d_tf.tasks.classification.scores import ClassScores


def scores(path, *right):
    """Of two videos, whose labels are 0 and 1."""
    columns = np.where(right, [0.9, 0.1], [0.2, 0.8])
    probabilities = np.stack([columns, 1 - columns], axis=1)
    ClassScores(np.array(["a", "b"]), np.array([0, 1]), probabilities).save(
        path
    )


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Two files of scores, and two runs on two splits."""
    monkeypatch.chdir(tmp_path)
    scores(tmp_path / "baseline-test.npz", True, False)
    scores(tmp_path / "student-test.npz", True, True)
    for split in (1, 2):
        (tmp_path / f"split{split}").mkdir()
        entry = {"value": split / 4, "n": 9, "ci95": [0.1, 0.9]}
        text = json.dumps(
            {
                "recipe": {"data": {"split": split}},
                "metrics": {"student/top1": entry},
            }
        )
        (tmp_path / f"split{split}" / "results.json").write_text(text)
    pictures = tmp_path / "flow.npy"
    np.save(pictures, np.full((1, 4, 5, 2), 128, np.uint8))


PAIR = ("baseline-test.npz", "student-test.npz")
CASES = {
    "jobs.ensemble": ("evaluate", PAIR, "ensemble: top-1 100.0 %"),
    "jobs.split_mean": (
        "evaluate",
        ("split1", "split2"),
        "student/top1: 37.5 %, mean of 2 splits",
    ),
    "tfrecords.compare": ("compare", PAIR, "B - A: +50.0 points"),
    "tfrecords.flow.__main__": (
        "flow",
        ("flow.npy", "--codec=denseflow", "--bound=20", "--out=out.npy"),
        "out.npy: [1, 4, 5, 2], from denseflow; mean magnitude 0.11 px",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_said_and_done(results, name, capsys):
    mode, arguments, shown = CASES[name]
    module = importlib.import_module(f"d3d_tf.{name}")
    assert module.main(list(arguments)) == 0
    out, err = capsys.readouterr()
    assert shown in out
    old = f"python -m d3d_tf.{name.removesuffix('.__main__')}"
    assert err.startswith(f"note: {old} is now `python -m d3d_tf.main --mode=")
    assert f"--mode={mode} " in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_one_more_line(results, name, capsys):
    arguments = {
        "flow": ("none.mp4", "--out=out.npy"),
        "compare": ("none", "none.npz"),
    }.get(CASES[name][0], ("none", "none"))
    module = importlib.import_module(f"d3d_tf.{name}")
    assert module.main(list(arguments)) == 1
    note, error = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ") and "none" in error
