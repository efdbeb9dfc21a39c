"""Answers of the command line are judged."""

import pytest

from benchmarks.faults.answers import Answer, judge, last_line

TRACE = "Traceback (most recent call last):\n  File ...\nKeyError: 'classes'"
SHARD = "records/toy-1/train-00000-of-00002.tfrecord"


@pytest.mark.parametrize(
    "mode, code, screen, result, expected",
    [
        ("train", 1, f"error: {SHARD} is cut off", {}, "right"),
        ("train", 1, "error: DataLossError", {}, "unclear"),
        ("train", 1, f"{SHARD}\nerror: no such thing", {}, "unclear"),
        ("doctor-records", 1, f"{SHARD}\nerror: 1 check", {}, "right"),
        ("train", 1, TRACE, {}, "trace"),
        ("train", -11, "", {}, "crash"),
        ("train", None, "", {}, "hangs"),
        ("train", 0, "done", {"top1": 0.5}, "right"),
        ("train", 0, "done", {"top1": 0.25}, "silent"),
    ],
)
def test_answers(mode, code, screen, result, expected):
    sound = Answer(0, "", {"top1": 0.5})
    assert judge(mode, Answer(code, screen, result), sound, SHARD) == expected


@pytest.mark.parametrize(
    "name, said",
    [
        ("run/export/1/module.json", "error: /run/export/1: the module is bad"),
        ("run/recipe.yaml", "error: no recipe"),
        ("run/checkpoints/student/finished.json", "error: nothing is finished"),
    ],
)
def test_a_word_of_its_name_does_not_name_a_file(name, said):
    answer = Answer(1, said, {})
    assert judge("finetune", answer, Answer(0, "", {}), name) == "unclear"


def test_a_checkpoint_is_named_by_its_network():
    name = "run/checkpoints/student/ckpt-4.index"
    said = Answer(1, "  9%|\rerror: /run/checkpoints/student: damaged", {})
    assert judge("export", said, Answer(0, "", {}), name) == "right"
    assert last_line(said) == "error: /run/checkpoints/student: damaged"
