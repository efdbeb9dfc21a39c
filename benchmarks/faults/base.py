"""The run that every trial copies, and what each mode makes of it."""

import contextlib
import dataclasses
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.answers import SETTINGS, Answer, ask
from benchmarks.resume import Work

# Where a mode writes, below the copy.
WRITES = {
    "prepare": "prepared",
    "train": "new",
    "finetune": "new",
    "export": "run/export",
}


@dataclasses.dataclass(frozen=True)
class Sound:
    """What a mode does where nothing is wrong.

    Attributes:
      answer: of the command line.
      seconds: until then.
      files: all that are there then, see `files_of`.
      bytes: of what it wrote.
    """

    answer: Answer
    seconds: float
    files: set[str]
    bytes: int


class Base:
    """A finished run in `folder/base`; see `benchmarks.faults`."""

    def __init__(self, folder: Path):
        self._folder = folder
        work = Work(folder / "base", SETTINGS)
        work.require(work.start())
        self._sound: dict[str, Sound] = {}

    @contextlib.contextmanager
    def copy(self, mode: str) -> Iterator[Path]:
        """A copy for one trial, in which what the mode makes is not there."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            copy = Path(folder) / "copy"
            shutil.copytree(self._folder / "base", copy)
            if mode in WRITES:
                shutil.rmtree(copy / WRITES[mode], ignore_errors=True)
            yield copy

    def sound(self, mode: str) -> Sound:
        """Of a copy without a fault."""
        if mode not in self._sound:
            with self.copy(mode) as copy:
                begin = time.monotonic()
                answer = ask(mode, copy)
                seconds = time.monotonic() - begin
                if answer.code:
                    sys.exit(f"Without a fault, {mode}: {answer.screen}")
                written = copy / WRITES.get(mode, "run")
                size = sum(
                    p.stat().st_size for p in written.rglob("*") if p.is_file()
                )
                self._sound[mode] = Sound(answer, seconds, files_of(copy), size)
        return self._sound[mode]


def files_of(folder: Path) -> set[str]:
    """Names of all files, but TensorBoard's, in which a clock stands."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "tensorboard" not in path.parts
    }
