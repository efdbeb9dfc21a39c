"""The disk that a mode writes to is full or read-only, or TMPDIR is."""

import contextlib
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.answers import ask, judge, row
from benchmarks.faults.base import WRITES, Base

KINDS = ("full", "full", "read-only", "TMPDIR")


def trials(base: Base, count: int, seed: int) -> Iterator[dict]:
    """A row for each; see `benchmarks.faults`. None without the right to mount.

    Right is a last line with the path; and, with room, the same command then
    does what it does without the fault.
    """
    for number in range(count):
        rng = random.Random(1000 * seed + number)
        mode = list(WRITES)[number % len(WRITES)]
        kind = KINDS[number // len(WRITES) % len(KINDS)]
        sound = base.sound(mode)
        with base.copy(mode) as copy:
            place = copy / ("tmp" if kind == "TMPDIR" else WRITES[mode])
            # In pages, of which also an empty file of tmpfs takes one.
            size = 4096 * rng.randint(1, max(1, sound.bytes // 4096))
            options = "ro" if kind == "read-only" else f"size={size}"
            how = f"{kind}, {options}"
            try:
                with _mounted(place, options):
                    env = {"TMPDIR": str(place)} if kind == "TMPDIR" else {}
                    answer = ask(mode, copy, env=env)
                    outcome = judge(mode, answer, sound.answer, str(place))
                    if outcome == "right" and answer.code:
                        _mount(place, "remount,rw,size=1g")
                        again = ask(mode, copy, env=env)
                        if judge(mode, again, sound.answer, "") != "right":
                            outcome = "unclear"
                            how += f"; with room: {again.screen[-200:]}"
            except PermissionError as error:
                print(f"Disks are not tried: {error}")
                return
        yield row("disks", mode, how, 1000 * seed + number, outcome, answer)


@contextlib.contextmanager
def _mounted(place: Path, options: str) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    _mount(place, options)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _mount(place: Path, options: str) -> None:
    """A file system in memory.

    Raises:
      PermissionError: it may not be mounted here.
    """
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise PermissionError(done.stderr.strip())
