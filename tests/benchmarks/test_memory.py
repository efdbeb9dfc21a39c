"""Peaks are of the measured program alone."""

import subprocess
import sys
from pathlib import Path

from benchmarks.memory import peak_mib, saved

ROOT = Path(__file__).parents[2]


def test_who_started_it_does_not_count():
    """A large process starts a small one."""
    ballast = bytearray(600 * 2**20)
    ballast[:: 2**12] = b"\1" * len(ballast[:: 2**12])
    assert peak_mib() > 600
    code = "from benchmarks.memory import peak_mib; print(peak_mib())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert float(done.stdout) < 300


def test_shares_by_hand():
    plain = {"peak_mib": 2000, "tiny_clip_mib": 1000, "seconds_per_step": 4.0}
    thrifty = {"peak_mib": 1500, "tiny_clip_mib": 1100, "seconds_per_step": 5.0}
    assert saved(plain, thrifty) == {
        "of_process": 0.25,
        "of_clip": 0.6,
        "time": 1.25,
    }
