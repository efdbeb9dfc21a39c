"""Peaks are of the measured program alone."""

import subprocess
import sys
from pathlib import Path

from benchmarks.memory import clips_on_a_gpu, peak_mib, saved

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
    plain = {"peak_mib": 2000, "tiny_clip_mib": 1000, "seconds_per_clip": 4.0}
    thrifty = {"peak_mib": 1500, "tiny_clip_mib": 1100, "seconds_per_clip": 5.0}
    assert saved(plain, thrifty) == {
        "of_process": 0.25,
        "of_clip": 0.6,
        "time": 1.25,
    }


def test_clips_on_a_gpu_by_hand():
    """Two clips at a time add 2 GiB; 1.5 of 16 GiB are taken: 14.5 fit."""
    row = {
        "peak_mib": 3048,
        "tiny_clip_mib": 1000,
        "way": {"model": "s3dg", "clips": 4, "passes": 2},
    }
    assert clips_on_a_gpu(16, row) == 14
