"""Frame-mAP of as many rows as AVA's validation has.

`python -m benchmarks.detections` writes a ground truth and ten million
detections, three persons in each of 57,371 keyframes, scores them with our
command, some of them with the official Python code, too, and writes times and
memory into docs/detection.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import official_ava
from benchmarks.fill_docs import HERE, publish
from d3d_tf import processor
from d3d_tf.detection.actions import ava_actions

RESULTS = HERE / "results" / "detections.json"
PAGE = HERE.parent / "docs" / "detection.md"
KEYFRAMES, COMPARED = 57_371, 5_000
PERSONS, ACTIONS = 3, 58
PER_VIDEO = 897


def write_files(folder: Path, keyframes: int) -> None:
    """The ground truth, two actions a person, and detections of all actions."""
    rng = np.random.default_rng(0)
    numbers = np.array(sorted(ava_actions()))
    truth, found = _files(folder)
    with truth.open("w") as true_rows, found.open("w") as rows:
        for keyframe in range(keyframes):
            video, second = divmod(keyframe, PER_VIDEO)
            place = f"video{video:06},{902 + second:04}"
            lines: list[tuple[float, str]] = []
            for person in range(PERSONS):
                low, size = rng.uniform(0, 0.5, 2), rng.uniform(0.1, 0.5, 2)
                box = [*low, *(low + size)]
                text = f"{place},{','.join(f'{x:.3f}' for x in box)}"
                for action in rng.choice(numbers, 2, replace=False):
                    true_rows.write(f"{text},{action},{person}\n")
                moved = np.array(box) + rng.normal(0, 0.03, 4)
                text = f"{place},{','.join(f'{x:.3f}' for x in moved)}"
                lines += [
                    (score, f"{text},{action},{score:.9f}\n")
                    for action, score in zip(
                        numbers, rng.random(ACTIONS), strict=False
                    )
                ]
            # The official copy does not sort them.
            rows.writelines(line for _, line in sorted(lines, reverse=True))


def timed(*command: str) -> tuple[dict, str]:
    """Seconds and memory of a process of Python, and what it prints."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True
    )
    shown = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command[0]} failed.")
    spent = time.perf_counter() - start
    used = usage.ru_maxrss * 1024 / 1e9
    return {"seconds": spent, "gigabytes": used}, shown


def measure(keyframes: int, compared: int) -> dict:
    """Our command on all keyframes; and both on some.

    Args:
      keyframes: all.
      compared: how many the official code is given too, whose time and memory
        grow with them; it must be installed.
    """
    with tempfile.TemporaryDirectory() as place:
        ours, results = _ours(Path(place), keyframes)
    found = {
        "keyframes": results["keyframes"],
        "rows": sum(row["detections"] for row in results["actions"]),
        "ours": ours,
        "cores": os.cpu_count(),
        "processor": processor.name(),
    }
    if official_ava.PLACE.is_dir():
        with tempfile.TemporaryDirectory() as place:
            ours, results = _ours(Path(place), compared)
            files = [str(path) for path in _files(Path(place))]
            theirs, shown = timed("benchmarks.official_ava", *files)
        found["compared"] = {
            "keyframes": compared,
            "ours": ours,
            "official": theirs,
            "gap": abs(json.loads(shown) - results["frame_map"]),
        }
    return found


def _ours(folder: Path, keyframes: int) -> tuple[dict, dict]:
    write_files(folder, keyframes)
    truth, found = _files(folder)
    out = folder / "results.json"
    files = (f"--data={truth}", f"--detections={found}", f"--out={out}")
    spent, _ = timed("d3d_tf.main", "--mode=evaluate", *files)
    return spent, json.loads(out.read_text())


def _files(folder: Path) -> tuple[Path, Path]:
    return folder / "truth.csv", folder / "found.csv"


def markdown(results: dict) -> str:
    """The lines that docs/detection.md shows."""
    text = (
        f"{results['rows']:,} rows on {results['keyframes']:,} keyframes: "
        f"{_spent(results['ours'])}."
    )
    compared = results.get("compared")
    if compared:
        text += (
            f" On {compared['keyframes']:,} of them: {_spent(compared['ours'])}"
            f"; the official Python code, in SlowFast's copy, "
            f"{_spent(compared['official'])}, and frame-mAP differs by "
            f"{compared['gap']:.0e}."
        )
    return f"{text} {results['processor']}, {results['cores']} cores."


def _spent(figures: dict) -> str:
    return f"{figures['seconds']:.0f} s and {figures['gigabytes']:.1f} GB"


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the result where the docs show it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keyframes", type=int, default=KEYFRAMES)
    given = parser.parse_args(arguments)
    results = measure(given.keyframes, min(given.keyframes, COMPARED))
    if given.keyframes == KEYFRAMES:
        publish(RESULTS, results, PAGE, "detections", markdown)
    else:
        print(markdown(results))


if __name__ == "__main__":
    main()
