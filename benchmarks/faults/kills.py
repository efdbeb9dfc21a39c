"""A process is killed with SIGKILL, and its command started again."""

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.answers import ask, judge, row, start
from benchmarks.faults.base import WRITES, Base, files_of


def trials(base: Base, count: int, seed: int) -> Iterator[dict]:
    """A row for each; see `benchmarks.faults`.

    Every second kill is in the first moments after a new file has appeared,
    the others at any moment of the process.
    """
    for number in range(count):
        rng = random.Random(1000 * seed + number)
        mode = list(WRITES)[number % len(WRITES)]
        sound = base.sound(mode)
        with base.copy(mode) as copy:
            process = start(mode, copy)
            if number // len(WRITES) % 2:
                made = sum(f.startswith(WRITES[mode]) for f in sound.files)
                wait = rng.randrange(made)
                after = _until_files(process, copy / WRITES[mode], wait)
                time.sleep(rng.uniform(0, 0.05))
            else:
                after = rng.uniform(0, sound.seconds)
                time.sleep(after)
            process.kill()
            process.communicate()
            how = f"killed after {after:.2f} s"
            if process.returncode == 0:
                how = "had ended before the kill"
            answer = ask(mode, copy)
            outcome = judge(mode, answer, sound.answer, how)
            if surplus := files_of(copy) - sound.files:
                how += f"; left over: {', '.join(sorted(surplus)[:3])}"
                outcome = "left over" if outcome == "right" else outcome
            elif sound.files - files_of(copy) and outcome == "right":
                outcome = "silent"
        yield row("kills", mode, how, 1000 * seed + number, outcome, answer)


def _until_files(process: subprocess.Popen, folder: Path, count: int) -> float:
    """Waits until there are more files than so many; the seconds."""
    begin = time.monotonic()
    while process.poll() is None and len(files_of(folder)) <= count:
        time.sleep(0.005)
    return time.monotonic() - begin
