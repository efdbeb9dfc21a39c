"""Accuracy against cost, from what runs say."""

import json

import pytest

from d3d_tf import config
from d3d_tf.commands import compare
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.cost_plot import points_of
from d3d_tf.recipes import RECIPES


def results(path, settings):
    recipe = config.override(RECIPES["x3d_s_kinetics400"], settings)
    entry = {"value": 0.7, "n": 100, "ci95": [0.6, 0.8]}
    content = {
        "recipe": config.to_dict(recipe),
        "dataset": {"name": "kinetics"},
        "metrics": {"baseline/top1": entry, "baseline/top5": entry},
    }
    path.write_text(json.dumps(content))
    return path


@pytest.mark.large
def test_x3d_s_costs_what_its_figure_says(tmp_path):
    """The paper, figure A.1: 3 clips 5.9 G, 10 clips 19.6 G multiply-adds.

    A clip has 1,962,892,112, and one of 30 views 2,727,045,164 (counts.json).
    """
    found = [
        points_of(results(tmp_path / "results.json", settings))
        for settings in (
            ["evaluation.clips=3"],
            [],
            ["evaluation.crops=3", "evaluation.crop_size=182"],
        )
    ]
    (three,), (ten,), (thirty,) = found
    assert three.multiply_adds == 3 * 1_962_892_112
    assert ten.multiply_adds == 10 * 1_962_892_112
    assert thirty.multiply_adds == 30 * 2_727_045_164
    assert (three.views, ten.views, thirty.views) == (3, 10, 30)
    # Views alone differ: one line of the figure.
    assert three.network == ten.network == thirty.network
    assert three.name == "x3d_s, RGB (baseline), kinetics"
    assert (three.value, three.unit) == (70, "top-1, %")
    assert three.interval == (60, 80)


@pytest.mark.large
def test_the_networks_of_a_run(toy, tmp_path, capsys):
    points = points_of(toy.run.results_path)
    metrics = toy.run.read_results()["metrics"]
    assert [point.name.split(", ")[1] for point in points] == [
        *("Flow (teacher)", "RGB (baseline)", "D3D (student)")
    ]
    assert points[2].value == 100 * metrics["student/top1"]["value"]
    assert len({point.network for point in points}) == 3
    # Flow has two channels and not three.
    assert points[0].multiply_adds < points[1].multiply_adds
    picture = tmp_path / "figure.png"
    compare.run(checkpoint=[str(toy.run.folder)], plot=str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    assert shown.count("s3dg, ") == 3
    assert f"picture: {picture}" in shown


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"checkpoint": ["a"], "plot": "a.txt"}, "ends with .svg, .png, .pdf"),
        ({"checkpoint": [], "plot": "a.svg"}, "takes runs or files of results"),
        (
            {"checkpoint": ["a"], "out": "b", "plot": "a.svg"},
            "no --data and no --out",
        ),
    ],
)
def test_wrong_flags(arguments, message):
    with pytest.raises(UsageError, match=message):
        compare.run(**arguments)


def test_no_results(tmp_path):
    with pytest.raises(UserError, match="There are no results .*results.json"):
        compare.run(checkpoint=[str(tmp_path)], plot="a.svg")
