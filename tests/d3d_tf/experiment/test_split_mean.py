"""Means over splits, and what may not be averaged."""

import json

import pytest

from d3d_tf import config
from d3d_tf.errors import UserError
from d3d_tf.experiment.split_mean import main, mean_over_splits
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
    assert main([*(str(run.folder) for run in made), f"--out={out}"]) == 0
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


def test_less_than_all_splits_is_told(runs, capsys):
    folders = [str(run.folder) for run in runs({1: 0.9, 3: 0.8})]
    assert main(folders) == 0
    assert "warning: 2 of 3 splits" in capsys.readouterr().out


def test_the_same_split_twice_is_refused(runs, capsys):
    (run,) = runs({1: 0.9})
    assert main([str(run.folder)] * 2) == 1
    assert "these are of [1, 1]" in capsys.readouterr().err


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


def test_one_line_for_an_ensemble_or_what_cannot_be_written(
    runs, tmp_path, capsys
):
    made = runs({1: 0.97})
    names = [str(run.folder) for run in made]
    out = f"{names[0]}/results.json/mean.json"
    assert main([*names, f"--out={out}"]) == 1
    assert "cannot be used: Not a directory" in capsys.readouterr().err
    ensemble = Run(tmp_path / "both")
    ensemble.folder.mkdir()
    ensemble.write_results({"members": names, "metrics": {}})
    assert main([*names, str(ensemble.folder)]) == 1
    assert "both holds an ensemble, not a run" in capsys.readouterr().err
