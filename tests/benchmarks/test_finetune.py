"""The fine-tuning table: whose results are read, and where it goes."""

import json

from benchmarks.finetune import PAGE, as_student, pretrained
from benchmarks.table import summarise


def test_one_network_is_called_student_whatever_it_was():
    found = as_student({"baseline/top1": 1, "baseline/top1/a": 2})
    assert found == {"student/top1": 1, "student/top1/a": 2}


def test_a_row_from_scratch_is_summarised_like_the_others():
    top1 = {"value": 0.5, "n": 400}
    metrics = {
        "baseline/top1/same_colours": top1,
        "baseline/top1/shuffled_colours": top1,
        "baseline/train_top1": {"value": 1.0},
        "baseline/parameters": {"value": 5},
        "baseline/ms_per_video": {"value": 2.0},
    }
    (line,) = summarise({"From scratch": [as_student(metrics)] * 3})
    assert line["splits"]["shuffled_colours"]["n"] == 1200


def test_a_finished_pretraining_is_used_as_it_is(tmp_path):
    """Nothing is started: the folder holds no more than its results."""
    metrics = {"ensemble/top1": {"value": 1.0}}
    (tmp_path / "results.json").write_text(json.dumps({"metrics": metrics}))
    assert pretrained(tmp_path, 0) == tmp_path


def test_the_page_has_the_place_for_it():
    text = PAGE.read_text()
    assert text.count("<!-- finetune -->\n") == 1
    assert text.count("<!-- /finetune -->") == 1
