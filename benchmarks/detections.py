"""Frame-mAP of as many rows as AVA's validation has.

`python -m benchmarks.detections` writes a ground truth and ten million
detections, three persons in each of 57,371 keyframes, scores them with our
command and with the official Python code, and writes times and memory into
docs/detection.md.
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
KEYFRAMES, PERSONS, ACTIONS = 57_371, 3, 58
PER_VIDEO = 897


def write_files(folder: Path, keyframes: int) -> tuple[Path, Path]:
    """The ground truth, two actions a person, and detections of all actions."""
    rng = np.random.default_rng(0)
    numbers = np.array(sorted(ava_actions()))
    truth, found = folder / "truth.csv", folder / "found.csv"
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
    return truth, found


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


def measure(keyframes: int) -> dict:
    """Our command and, where it is installed, the official code."""
    with tempfile.TemporaryDirectory() as place:
        truth, found = map(str, write_files(Path(place), keyframes))
        out = Path(place) / "results.json"
        files = (f"--data={truth}", f"--detections={found}", f"--out={out}")
        ours, _ = timed("d3d_tf.main", "--mode=evaluate", *files)
        results = json.loads(out.read_text())
        theirs = None
        if official_ava.PLACE.is_dir():
            theirs, shown = timed("benchmarks.official_ava", truth, found)
            theirs["gap"] = abs(json.loads(shown) - results["frame_map"])
    return {
        "keyframes": results["keyframes"],
        "rows": sum(row["detections"] for row in results["actions"]),
        "ours": ours,
        "official": theirs,
        "cores": os.cpu_count(),
        "processor": processor.name(),
    }


def markdown(results: dict) -> str:
    """The lines that docs/detection.md shows."""
    ours, theirs = results["ours"], results["official"]
    text = (
        f"{results['rows']:,} rows on {results['keyframes']:,} keyframes: "
        f"{_spent(ours)}"
    )
    if theirs:
        text += (
            f", the official Python code (as SlowFast has it) "
            f"{_spent(theirs)}, frame-mAP differs by {theirs['gap']:.0e}"
        )
    return f"{text}. On {results['processor']}, {results['cores']} cores."


def _spent(figures: dict) -> str:
    return f"{figures['seconds']:.0f} s and {figures['gigabytes']:.1f} GB"


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the result where the docs show it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keyframes", type=int, default=KEYFRAMES)
    given = parser.parse_args(arguments)
    results = measure(given.keyframes)
    if given.keyframes == KEYFRAMES:
        publish(RESULTS, results, PAGE, "detections", markdown)
    else:
        print(markdown(results))


if __name__ == "__main__":
    main()
