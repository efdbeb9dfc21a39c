"""Means over splits, and what may not be averaged."""

import json

import pytest

from d3d_tf import config
from d3d_tf.errors import UserError
from d3d_tf.evaluation.metrics import Metric
from d3d_tf.experiment.combine import average_results
from d3d_tf.experiment.split_mean import lines, mean_over_splits, splits_of
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.folder import Run


@pytest.fixture
def runs(tmp_path):
    """`runs(split=top1, ...)`: finished ones, by split."""

    def make(values, start="k400", **settings):
        made = []
        for split, value in values.items():
            recipe = config.override(
                RECIPES[f"ucf101_split{split}"],
                [f"{key}={x}" for key, x in settings.items()],
            )
            run = Run(tmp_path / f"{start}-{len(settings)}-split{split}")
            run.folder.mkdir()
            entry = {"value": value, "n": 1000, "ci95": [value - 0.01, 0.99]}
            run.write_results(
                {
                    "recipe": config.to_dict(recipe),
                    "weights": {"init": [{"run": start}]},
                    "metrics": {
                        "student/top1": entry,
                        "student/top5": entry | {"value": 1.0},
                        "student/train_top1": {"value": 1.0, "n": 9},
                        "student/parameters": {"value": 5},
                    },
                }
            )
            made.append(run)
        return made

    return make


def test_the_mean_of_three_splits(runs, tmp_path, capsys):
    """(0.97 + 0.95 + 0.93) / 3 = 0.95."""
    made = runs({3: 0.93, 1: 0.97, 2: 0.95})
    out = tmp_path / "mean.json"
    average_results([str(run.folder) for run in made], str(out))
    assert capsys.readouterr().out.splitlines()[:4] == [
        "student/top1: 95.0 %, mean of 3 splits",
        "  split 1: 97.0 % [96.0, 99.0], 1000 videos",
        "  split 2: 95.0 % [94.0, 99.0], 1000 videos",
        "  split 3: 93.0 % [92.0, 99.0], 1000 videos",
    ]
    means = json.loads(out.read_text())
    assert set(means) == {"student/top1", "student/top5"}
    assert means["student/top1"]["mean"] == pytest.approx(0.95)
    assert means["student/top5"]["mean"] == 1


def test_less_than_all_splits_is_said(runs):
    means = mean_over_splits(runs({1: 0.9, 3: 0.8}))
    *_, last = lines(means, {"top1": Metric(""), "top5": Metric("")})
    assert last.startswith("warning: 2 of 3 splits")


def test_the_same_split_twice_is_refused(runs):
    (run,) = runs({1: 0.9})
    with pytest.raises(UserError, match=r"these are of \[1, 1\]"):
        mean_over_splits([run, run])


def test_only_a_run_with_results_has_a_split(runs, tmp_path):
    (run,) = runs({2: 0.9})
    ensemble = Run(tmp_path / "both")
    ensemble.folder.mkdir()
    ensemble.write_results({"members": [], "metrics": {}})
    file = Run(run.results_path)
    none = Run(tmp_path / "none")
    assert splits_of([run, ensemble, file, none]) == [2, None, None, None]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"start": "k600"}, "weights is 'k400' in .*, 'k600' in"),
        ({"learning_rate": 0.5}, "train.learning_rate is 0.01 in .*, 0.5 in"),
        ({"clip_frames": 64}, "evaluation.clip_frames is 250 in"),
    ],
)
def test_other_experiments_are_not_averaged(runs, other, told):
    first, second = runs({1: 0.9}), runs({2: 0.9}, **other)
    with pytest.raises(UserError, match=told):
        mean_over_splits(first + second)


def test_a_run_without_results(tmp_path):
    with pytest.raises(UserError, match="has no results yet"):
        mean_over_splits([Run(tmp_path)])


def test_neither_an_ensemble_nor_a_place_below_a_file(runs, tmp_path):
    made = runs({1: 0.97})
    names = [str(run.folder) for run in made]
    with pytest.raises(UserError, match="cannot be used: Not a dir"):
        average_results(names, f"{names[0]}/results.json/mean.json")
    ensemble = Run(tmp_path / "both")
    ensemble.folder.mkdir()
    ensemble.write_results({"members": names, "metrics": {}})
    with pytest.raises(UserError, match="both holds an ensemble, not a run"):
        mean_over_splits([*made, ensemble])
