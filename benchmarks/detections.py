"""Frame-mAP of as many rows as AVA's validation has.

`python -m benchmarks.detections` writes a ground truth and ten million
detections, three persons in each of 57,371 keyframes, scores them in a process
of its own, and writes time and memory into docs/detection.md.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

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
            for person in range(PERSONS):
                low, size = rng.uniform(0, 0.5, 2), rng.uniform(0.1, 0.5, 2)
                box = [*low, *(low + size)]
                text = f"{place},{','.join(f'{x:.3f}' for x in box)}"
                for action in rng.choice(numbers, 2, replace=False):
                    true_rows.write(f"{text},{action},{person}\n")
                moved = np.array(box) + rng.normal(0, 0.03, 4)
                text = f"{place},{','.join(f'{x:.3f}' for x in moved)}"
                scores = rng.random(ACTIONS)
                rows.writelines(
                    f"{text},{action},{score:.6f}\n"
                    for action, score in zip(numbers, scores, strict=False)
                )
    return truth, found


def measure(keyframes: int) -> dict:
    """Seconds and memory of the command line."""
    with tempfile.TemporaryDirectory() as place:
        truth, found = write_files(Path(place), keyframes)
        out = Path(place) / "results.json"
        start = time.perf_counter()
        subprocess.run(
            [
                *(sys.executable, "-m", "d3d_tf.main", "--mode=evaluate"),
                *(f"--data={truth}", f"--detections={found}", f"--out={out}"),
            ],
            check=True,
        )
        seconds = time.perf_counter() - start
        results = json.loads(out.read_text())
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "keyframes": results["keyframes"],
        "rows": sum(row["detections"] for row in results["actions"]),
        "frame_map": results["frame_map"],
        "seconds": seconds,
        "gigabytes": used * 1024 / 1e9,
        "cores": os.cpu_count(),
        "processor": processor.name(),
    }


def markdown(results: dict) -> str:
    """The line that docs/detection.md shows."""
    return (
        f"{results['rows']:,} rows on {results['keyframes']:,} keyframes: "
        f"{results['seconds']:.0f} s and {results['gigabytes']:.1f} GB, on "
        f"{results['processor']}, {results['cores']} cores."
    )


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
