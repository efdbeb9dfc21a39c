"""Tables of several grounds, of scores worked out by hand."""

import dataclasses

import pytest

from benchmarks.grounds import Ground, Home, Table, markdown
from d3d_tf.evaluation.bootstrap import stratified_interval
from d3d_tf.runs.folder import Run
from tests.benchmarks.test_jhmdb import scores


def ground(tmp_path, *names):
    """A ground whose homes have these names."""
    homes = tuple(Home(Run(tmp_path / name), "toy", ()) for name in names)
    return Ground("toy", "test", homes, stratified_interval)


def test_scores_are_those_of_each_home(tmp_path):
    found = ground(tmp_path, "a", "b")
    first, second = scores(1, 0), scores(0, 0)
    for home, kept in zip(found.homes, (first, second), strict=True):
        path = home.run.scores("student", "test")
        path.parent.mkdir(parents=True)
        kept.save(path)
    read = found.scores(lambda home: home.run)
    assert [list(s.right()) for s in read] == [[True, False], [False, False]]


def test_a_row_is_compared_video_by_video(tmp_path):
    rgb = [scores(1, 0, 0, 0), scores(1, 1)]
    d3d = [scores(1, 1, 0, 0), scores(1, 0)]
    row = ground(tmp_path, "a", "b").measure((d3d, rgb))
    # (1/2 + 1/2) / 2 and (+1/4 - 1/2) / 2.
    assert row["top1"]["value"] == pytest.approx(0.5)
    assert row["minus_rgb"]["value"] == pytest.approx(-0.125)
    low, high = row["minus_rgb"]["ci95"]
    assert -0.5 <= low < -0.125 < high <= 0.25
    assert ground(tmp_path, "a").measure((rgb, None))["minus_rgb"] is None


def test_lambda_is_that_of_the_recipe_and_names_stand_beside(tmp_path):
    home = ground(tmp_path, "seed6").homes[0]
    assert home.weight == 8  # docs/toy.md.
    assert home.beside("i3d") == tmp_path / "seed6-i3d"


def test_the_table_has_the_papers_number_and_ours():
    entry = {"value": 0.5, "ci95": [0.25, 0.75]}
    row = {"top1": entry, "minus_rgb": None, "cost": "", "processor": "here"}
    rows = {"RGB": row, "D3D": row | {"minus_rgb": entry}}
    only = {"RGB": row | {"processor": "there"}}
    results = {
        "toy": {"runs": ["seed6"], "rows": rows},
        "JHMDB": {"runs": ["split1"], "rows": only},
    }
    table = Table("here", {"RGB": 74.0, "D3D": None})
    head, _, first, second, _, note = markdown(table, results).splitlines()
    assert head == (
        "| | Kinetics-400 (paper) | toy | minus RGB | JHMDB | minus RGB |"
    )
    top1, change = "50.0 [25.0, 75.0]", "+50.0 [+25.0, +75.0]"
    assert first == f"| RGB | 74.0 | {top1} |  | {top1} |  |"
    assert second == f"| D3D |  | {top1} | {change} |  |  |"
    assert "toy: seed6; JHMDB: split1. On here and there." in note
    rows["D3D"]["cost"] = "590 k, 63 M"
    head, line, first, second, _, note = markdown(table, results).splitlines()
    assert head.endswith("| JHMDB | minus RGB | cost, toy |")
    assert first.endswith(" |  |  |") and second.endswith("| 590 k, 63 M |")
    assert {text.count("|") for text in (head, line, first, second)} == {8}
    assert "Cost: parameters, multiply-adds. On here and there." in note
    other = dataclasses.replace(table, source="UCF", baseline="TSN", cost="s")
    head, *_, note = markdown(other, results).splitlines()
    assert head.startswith("| | UCF | toy | minus TSN |") and "Cost: s." in note
