"""Environments that containers, clusters and other users have."""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

from benchmarks.faults.answers import ask, judge, row
from benchmarks.faults.base import WRITES, Base

NOWHERE = "/proc/nowhere"
# Name and changes of the environment; None: removed.
ODD: dict[str, dict[str, str | None]] = {
    "no HOME": {"HOME": None},
    "HOME that is not there": {"HOME": "/nonexistent"},
    "caches nowhere": {
        "XDG_CACHE_HOME": NOWHERE,
        "NUMBA_CACHE_DIR": NOWHERE,
        "MPLCONFIGDIR": NOWHERE,
        "TFHUB_CACHE_DIR": NOWHERE,
    },
    "LC_ALL=C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
    "ASCII output": {"PYTHONIOENCODING": "ascii"},
    "a dumb terminal": {"TERM": "dumb", "COLUMNS": "1"},
    "one thread": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    "hashes of each process": {"PYTHONHASHSEED": "random"},
    "TensorFlow's own messages": {"TF_CPP_MIN_LOG_LEVEL": "0"},
    "another time zone": {"TZ": "Pacific/Kiritimati"},
}
USER = 54321  # Whom nobody knows.


def trials(base: Base, count: int, seed: int) -> Iterator[dict]:
    """A row for each; see `benchmarks.faults`.

    Some of these at once, and, where this may be tried, another user every
    second time. Right is the usual result.
    """
    other = not os.geteuid() and shutil.which("setpriv")
    for number in range(count):
        rng = random.Random(1000 * seed + number)
        mode = list(WRITES)[number % len(WRITES)]
        names = rng.sample(list(ODD), rng.randint(1, 4))
        env: dict[str, str | None] = {}
        for name in names:
            env |= ODD[name]
        sound = base.sound(mode)
        with base.copy(mode) as copy:
            before: list[str] = []
            if other and number // len(WRITES) % 2:
                names.append("another user")
                before = [
                    *("setpriv", f"--reuid={USER}", f"--regid={USER}"),
                    *("--clear-groups", "--inh-caps=+dac_read_search"),
                    "--ambient-caps=+dac_read_search",
                ]
                # Python may be in a folder of root's, which the capability
                # opens; TensorFlow asks without it whether a file is there.
                for folder in copy.parents:
                    if folder.is_relative_to(tempfile.gettempdir()):
                        folder.chmod(folder.stat().st_mode | 0o755)
                subprocess.run(["chown", "-R", str(USER), copy], check=True)
            answer = ask(mode, copy, env=env, before=before)
            # Nothing but success is right.
            outcome = judge(mode, answer, sound.answer, "\0")
        how = ", ".join(names)
        yield row("places", mode, how, 1000 * seed + number, outcome, answer)
