"""The same command twice at once, on the same folders."""

import random
import time
from collections.abc import Iterator

from benchmarks.faults.answers import finish, judge, last_line, row, start
from benchmarks.faults.base import WRITES, Base, files_of

REFUSED = "Another process"


def trials(base: Base, count: int, seed: int) -> Iterator[dict]:
    """A row for each; see `benchmarks.faults`.

    Right are both, or one, and one line that says why not the other; and what
    is there in the end is what one alone makes.
    """
    for number in range(count):
        rng = random.Random(1000 * seed + number)
        mode = list(WRITES)[number % len(WRITES)]
        sound = base.sound(mode)
        delay = rng.uniform(0, sound.seconds / 2)
        with base.copy(mode) as copy:
            first = start(mode, copy)
            time.sleep(delay)
            second = start(mode, copy)
            # The second writes into a pipe meanwhile, which holds enough.
            answers = [finish(mode, copy, p) for p in (first, second)]
            there = files_of(copy)
        outcomes = [
            judge(mode, answer, sound.answer, REFUSED) for answer in answers
        ]
        wrong = [o for o in outcomes if o != "right"]
        if not any(answer.code == 0 for answer in answers):
            wrong.append("unclear")
        if there != sound.files and not wrong:
            wrong.append("left over" if there > sound.files else "silent")
        how = f"twice, {delay:.1f} s apart: {last_line(answers[1])[:80]}"
        outcome = wrong[0] if wrong else "right"
        yield row(
            "two at once", mode, how, 1000 * seed + number, outcome, answers[0]
        )
