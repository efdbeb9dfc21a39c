"""Damage is what it says."""

import random

import pytest

from benchmarks.faults import damage


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
        (other,) = damage.digit(b'{"a": 5}', rng).removeprefix(b'{"a": ')[:-1]
        assert other in b"012346789"


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
