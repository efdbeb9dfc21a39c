"""Peak memory of one training step at 64 x 224 x 224, batch 1, on the CPU.

`python -m benchmarks.memory` measures networks plain and with `recompute`, each
in a process of its own (the peak of a process never falls), and writes its
table into docs/networks.md. The same step on a clip of 4 x 32 x 32 tells what
TensorFlow, its graph, weights and optimiser take whatever the clip.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.fill_docs import HERE, publish
from d3d_tf import processor

RESULTS = HERE / "results" / "memory.json"
PAGE = HERE.parent / "docs" / "networks.md"
MODELS = ("s3dg", "i3d")
CLIP = (64, 224, 224)
TINY_CLIP = (4, 32, 32)
WARM_UP = 1
STEPS = 2


def peak_mib() -> float:
    """Of this program; `getrusage` would count who started it, too."""
    status = Path("/proc/self/status").read_text()
    (kib,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kib) / 1024


def measure(model: str, recompute: bool, clip_size) -> dict:
    """MiB and processor seconds of training steps, in this process."""
    import tensorflow as tf

    from d3d_tf.distill.train_step import StreamTrainer
    from d3d_tf.keras_api import keras
    from d3d_tf.models import make_network
    from d3d_tf.models.inception.config import InceptionRecipe

    recipe = InceptionRecipe(model=model, recompute=recompute)
    trainer = StreamTrainer(make_network(recipe, 400, "frames"))
    trainer.compile(keras.optimizers.SGD(0.1, momentum=0.9))
    clip = tf.random.uniform([1, *clip_size, 3], -1, 1)
    labels = tf.constant([0])
    for _ in range(WARM_UP):
        trainer.train_on_batch(clip, labels)
    start = time.process_time()
    for _ in range(STEPS):
        loss = trainer.train_on_batch(clip, labels)
    return {
        "peak_mib": round(peak_mib()),
        "seconds_per_step": (time.process_time() - start) / STEPS,
        "finite": bool(tf.math.is_finite(loss[0])),
        "tensorflow": tf.__version__,
    }


def machine() -> dict:
    """What the numbers depend on."""
    return {
        "processor": processor.name(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 1),
    }


def in_processes(model: str, recompute: bool) -> dict:
    """`measure` on both clips, each in a fresh process."""
    rows = []
    for flags in ([], ["--tiny_clip"]):
        command = [sys.executable, "-m", "benchmarks.memory", "--only", model]
        done = subprocess.run(
            command + flags + (["--recompute"] if recompute else []),
            capture_output=True,
            text=True,
            check=True,
            cwd=HERE.parent,
        )
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    return rows[0] | {"tiny_clip_mib": rows[1]["peak_mib"]}


def saved(plain: dict, thrifty: dict) -> dict:
    """Shares of the peak: of the process, and of what the clip adds."""
    process = 1 - thrifty["peak_mib"] / plain["peak_mib"]
    added = [row["peak_mib"] - row["tiny_clip_mib"] for row in (plain, thrifty)]
    return {
        "of_process": process,
        "of_clip": 1 - added[1] / added[0],
        "time": thrifty["seconds_per_step"] / plain["seconds_per_step"],
    }


def markdown(results: dict) -> str:
    """The table as docs/networks.md shows it."""
    lines = [
        "| network | `recompute` | peak of the process, MiB | with a tiny clip "
        "| processor seconds per step |",
        "|---|---|---|---|---|",
    ]
    for model, rows in results["networks"].items():
        for recompute in ("no", "yes"):
            row = rows[recompute]
            lines.append(
                f"| {model} | {recompute} | {row['peak_mib']:,} | "
                f"{row['tiny_clip_mib']:,} | {row['seconds_per_step']:.1f} |"
            )
    lines.append("")
    for model, rows in results["networks"].items():
        share = rows["saved"]
        lines.append(
            f"{model}: {100 * share['of_process']:.0f} % less for the process, "
            f"{100 * share['of_clip']:.0f} % of what the clip adds, in "
            f"{share['time']:.2f} times the processor time."
        )
    where = results["machine"]
    lines.append(
        f"TensorFlow {results['tensorflow']}, {where['cores']} cores of "
        f"{where['processor']}; other work on the machine: load "
        f"{where['load_before']}."
    )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=MODELS, help="in this process")
    parser.add_argument("--recompute", action="store_true")
    parser.add_argument("--tiny_clip", action="store_true")
    given = parser.parse_args(arguments)
    if given.only:
        clip_size = TINY_CLIP if given.tiny_clip else CLIP
        print(json.dumps(measure(given.only, given.recompute, clip_size)))
        return
    results: dict = {"clip": CLIP, "machine": machine(), "networks": {}}
    for model in MODELS:
        plain, thrifty = (in_processes(model, each) for each in (False, True))
        results["tensorflow"] = plain["tensorflow"]
        results["networks"][model] = {
            "no": plain,
            "yes": thrifty,
            "saved": saved(plain, thrifty),
        }
    publish(RESULTS, results, PAGE, "memory", markdown)


if __name__ == "__main__":
    main()
