"""Damage is what it says, answers are judged, and a few trials in earnest."""

import random

import pytest

from benchmarks import damage, faults
from benchmarks.answers import Answer, judge, last_line

TRACE = "Traceback (most recent call last):\n  File ...\nKeyError: 'classes'"
SHARD = "records/toy-1/train-00000-of-00002.tfrecord"


@pytest.mark.parametrize(
    "way, expected",
    [
        (damage.empty, b""),
        (damage.double, b"a\nb\na\nb\n"),
        (damage.reverse, b"b\na\n"),
    ],
)
def test_ways(way, expected):
    assert way(b"a\nb\n", random.Random(0)) == expected


def test_one_bit_differs_and_a_cut_is_shorter():
    rng = random.Random(0)
    for _ in range(20):
        flipped = damage.flip(b"\x00" * 8, rng)
        assert sum(byte.bit_count() for byte in flipped) == 1
        assert len(damage.cut(b"12345678", rng)) < 8


def test_one_file_is_damaged_or_two_change_places(tmp_path):
    target = damage.TARGETS[0]
    hows = set()
    for seed in range(40):
        folder = tmp_path / str(seed) / "records" / "toy-1"
        folder.mkdir(parents=True)
        before = {f"{n}.tfrecord": f"shard {n}".encode() for n in range(3)}
        for name, content in before.items():
            (folder / name).write_bytes(content)
        name, how = damage.damage(
            tmp_path / str(seed), target, random.Random(seed)
        )
        after = {p.name: p.read_bytes() for p in folder.iterdir()}
        changed = {n for n in before if after.get(n) != before[n]}
        assert name.rpartition("/")[2] in changed
        assert len(changed) == (2 if how.startswith("exchanged") else 1)
        hows.add(how.split()[0])
    assert hows == {"flip", "cut", "empty", "double", "removed", "exchanged"}


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


def test_every_target_is_tried_by_every_mode_before_one_comes_again():
    pairs = sum(len(target.modes) for target in damage.TARGETS)
    chosen = faults.choose(2 * pairs, 3)
    assert len({(id(t), mode) for t, mode, _ in chosen[:pairs]}) == pairs
    assert len({seed for _, _, seed in chosen}) == 2 * pairs
    assert [c[2] for c in chosen] == [c[2] for c in faults.choose(2 * pairs, 3)]


@pytest.mark.large
def test_trials():
    results = faults.measure(6, seed=11)
    wrong = [row for row in results["trials"] if row["outcome"] != "right"]
    assert len(results["trials"]) == 6 and not wrong
    assert "| 1 | 1 |" in faults.markdown(results)
