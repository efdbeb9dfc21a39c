"""One file of the copy is damaged."""

import dataclasses
import random
from collections.abc import Iterator

from benchmarks.faults.answers import ask, judge, row
from benchmarks.faults.base import Base
from benchmarks.faults.damage import TARGETS, Target, damage


def choose(trials: int, seed: int) -> list[tuple[Target, str, int]]:
    """Targets and modes, all equally often, in random order, and seeds."""
    rng = random.Random(seed)
    pairs = [(target, mode) for target in TARGETS for mode in target.modes]
    chosen: list = []
    while len(chosen) < trials:
        chosen += rng.sample(pairs, min(len(pairs), trials - len(chosen)))
    return [(t, m, 1000 * seed + n) for n, (t, m) in enumerate(chosen)]


def trials(base: Base, count: int, seed: int) -> Iterator[dict]:
    """A row for each; see `benchmarks.faults`."""
    for target, mode, number in choose(count, seed):
        with base.copy(mode) as copy:
            name, how = damage(copy, target, random.Random(number))
            answer = ask(mode, copy)
        sound = base.sound(mode).answer
        if mode.startswith("doctor"):
            # It has to find what is damaged.
            sound = dataclasses.replace(sound, result={"finds": "nothing"})
        outcome = judge(mode, answer, sound, name)
        yield row(target.group, mode, f"{name}: {how}", number, outcome, answer)
