"""Figures of kept results, and the page that shows them."""

import json
import re

import numpy as np
import pytest

from benchmarks import reproduction, toy_scores
from benchmarks.reproduction import MARK, PAGE, figures, fill_in
from d3d_tf.runs.folder import Run
from d3d_tf.tasks.classification.scores import ClassScores


def entry(value: float) -> dict:
    return {"value": value, "ci95": [value - 0.05, value + 0.049]}


def kept(folder, *, finetuned: bool):
    """Results with another figure everywhere."""
    results = {
        "toy_table": [
            {"name": "RGB", "splits": {"shuffled_colours": entry(0.5)}}
        ],
        "toy_scores": {
            "student_and_teacher": {"shuffled_colours": entry(0.6)},
            "classes": {"shuffled_colours": ["2 better", "3 better"]},
        },
        "one_hot": entry(0.4),
    }
    if finetuned:
        results["finetune_table"] = [
            {
                "name": "D3D, then fine-tuned",
                "splits": {"shuffled_colours": entry(0.7)},
            }
        ]
    for name, content in results.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return figures(folder)


def test_figures_are_read_from_the_results(tmp_path):
    found = kept(tmp_path, finetuned=False)
    assert found == {
        "RGB": "50.0 % [45.0, 54.9]",
        "D3D + Flow": "60.0 % [55.0, 64.9]",
        "Labels as teacher": "40.0 % [35.0, 44.9]",
        "classes": "2 better; 3 better",
        "D3D, then fine-tuned": "three seeds were not run yet",
        "RGB, then fine-tuned": "three seeds were not run yet",
    }
    found = kept(tmp_path, finetuned=True)
    assert found["D3D, then fine-tuned"] == "70.0 % [65.0, 74.9]"


def test_figures_of_networks_and_probes(tmp_path):
    kept(tmp_path, finetuned=False)
    top1 = {"value": 0.5, "ci95": [0.25, 0.75]}
    rows = {"rows": {"I3D: RGB": {"top1": top1}}}
    (tmp_path / "backbones.json").write_text(json.dumps({"JHMDB": rows}))
    epe = {"value": 1.5, "ci95": [1.25, 1.75]}
    probes = {"toy": {"3a": [{"title": "zeros", "epe": epe}]}}
    (tmp_path / "probes.json").write_text(json.dumps({"grounds": probes}))
    found = figures(tmp_path)
    assert found["backbones, JHMDB, I3D: RGB"] == "50.0 [25.0, 75.0]"
    assert found["probes, toy, zeros"] == "1.50 [1.25, 1.75]"


def test_only_marked_places_change():
    text = "| a <!-- toy: RGB -->?<!-- / -->, b <!-- toy: X -->1<!-- / --> | 2"
    assert fill_in(text, {"RGB": "3 %", "X": ""}) == (
        "| a <!-- toy: RGB -->3 %<!-- / -->, b <!-- toy: X --><!-- / --> | 2"
    )
    with pytest.raises(KeyError, match="RGB"):
        fill_in(text, {"X": ""})


def test_the_page_shows_the_results_that_are_kept():
    """If not: python -m benchmarks.reproduction."""
    text = PAGE.read_text()
    assert fill_in(text, figures()) == text
    assert len(MARK.findall(text)) == text.count("<!-- toy: ") >= 12


def test_the_page_has_every_table_of_the_paper():
    rows = re.findall(r"^\| ([TFS][^|]*) \|", PAGE.read_text(), re.MULTILINE)
    for number in range(1, 9):
        assert any(row.startswith(f"Table {number}") for row in rows)
    for name in ("figure 1", "figures 2, 3", "figure 4", "section 4"):
        assert f"Supplement, {name}" in rows


def test_main_writes_the_page(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("<!-- toy: Flow (teacher) -->?<!-- / -->\n")
    monkeypatch.setattr(reproduction, "PAGE", page)
    reproduction.main()
    assert re.search(r"-->\d+\.\d % \[.*\]<!--", page.read_text())


def made_up_run(folder, probabilities: dict[str, list]) -> Run:
    """Four videos of two classes in each split; one value: that of class 0."""
    for split in toy_scores.SPLITS:
        for role, first in probabilities.items():
            both = np.stack([first, 1 - np.array(first)], axis=1)
            path = Run(folder).scores(role, split)
            path.parent.mkdir(parents=True, exist_ok=True)
            ids, labels = np.array(list("abcd")), np.array([0, 0, 1, 1])
            ClassScores(ids, labels, both).save(path)
    return Run(folder)


def test_scores_of_runs(tmp_path):
    """Right where class 0 has more than a half for a, b and less for c, d.

    Student and teacher: means 0.6, 0.4, 0.3, 0.3: a, c, d. Baseline: a, c;
    student: a, b, c: one of two right in class 0 becomes two, class 1 stays.
    """
    run = made_up_run(
        tmp_path,
        {
            "teacher": [0.3, 0.2, 0.2, 0.0],
            "student": [0.9, 0.6, 0.4, 0.6],
            "baseline": [0.9, 0.1, 0.4, 0.6],
        },
    )
    found = toy_scores.measure([run, run])
    fused = found["student_and_teacher"]["shuffled_colours"]
    assert (fused["value"], fused["n"]) == (0.75, 8)
    assert found["classes"]["same_colours"] == 2 * [
        "1 of 2 classes better, 0 worse, 1 within 0.1 %"
    ]
