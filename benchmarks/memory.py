"""Peak memory of one training step at 64 x 224 x 224 on the CPU.

`python -m benchmarks.memory` measures networks plain and with what needs less
(`recompute`, `mixed_bfloat16`, several passes), each in a process of its own
(the peak of a process never falls), and writes its table into docs/networks.md.
The same step on clips of 4 x 32 x 32 tells what TensorFlow, its graph, weights
and optimiser take whatever the clips. From what a clip adds follows, computed
and not measured, how many a GPU holds. Beside it stands what
`train.memory_estimate` would say of the clips' part.
"""

import argparse
import dataclasses
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
CLIP = (64, 224, 224)
TINY_CLIP = (4, 32, 32)
WARM_UP = 1
STEPS = 2
# Of a GPU's memory in GiB; what CUDA, weights, gradients and momentum take.
GPUS = (16, 24, 40, 80)
GPU_FIXED_MIB = 1536
FLOAT32 = "float32"


@dataclasses.dataclass(frozen=True)
class Way:
    """How a step is made.

    Attributes:
      model: the network.
      clips: of a step.
      passes: one after the other, in which it computes them.
      recompute: see `network.recompute`.
      policy: see `train.mixed_precision`.
    """

    model: str
    clips: int = 1
    passes: int = 1
    recompute: bool = False
    policy: str = FLOAT32

    @property
    def at_a_time(self) -> int:
        """Clips that are in memory together."""
        return self.clips // self.passes


WAYS = [
    Way("s3dg"),
    Way("s3dg", recompute=True),
    Way("s3dg", policy="mixed_bfloat16"),
    Way("s3dg", policy="mixed_bfloat16", recompute=True),
    Way("s3dg", 4),
    Way("s3dg", 4, recompute=True),
    Way("s3dg", 4, passes=4),
    Way("s3dg", 4, passes=4, recompute=True),
    Way("i3d"),
    Way("i3d", recompute=True),
]


def peak_mib() -> float:
    """Of this program; `getrusage` would count who started it, too."""
    status = Path("/proc/self/status").read_text()
    (kib,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kib) / 1024


def make_trainer(way: Way):
    """The network with its train step."""
    from d3d_tf.distill.train_step import StreamTrainer
    from d3d_tf.keras_api import keras
    from d3d_tf.models import make_network
    from d3d_tf.models.inception.config import InceptionRecipe

    keras.mixed_precision.set_global_policy(way.policy)
    recipe = InceptionRecipe(model=way.model, recompute=way.recompute)
    trainer = StreamTrainer(make_network(recipe, 400, "frames"))
    trainer.passes = way.passes
    trainer.compile(keras.optimizers.SGD(0.1, momentum=0.9))
    return trainer


def measure(way: Way, clip_size) -> dict:
    """MiB and processor seconds of training steps, in this process."""
    import tensorflow as tf

    trainer = make_trainer(way)
    clips = tf.random.uniform([way.clips, *clip_size, 3], -1, 1)
    labels = tf.zeros([way.clips], tf.int64)
    for _ in range(WARM_UP):
        trainer.train_on_batch(clips, labels)
    start = time.process_time()
    for _ in range(STEPS):
        loss = trainer.train_on_batch(clips, labels)
    return {
        "peak_mib": round(peak_mib()),
        "seconds_per_clip": (time.process_time() - start) / STEPS / way.clips,
        "finite": bool(tf.math.is_finite(loss[0])),
        "tensorflow": tf.__version__,
    }


def compute(way: Way) -> dict:
    """MiB that clips add to a step, by `step_memory`."""
    import tensorflow as tf

    from d3d_tf.training.step_memory import step_memory

    trainer = make_trainer(way)
    trainer.optimizer.build(trainer.trainable_variables)
    specs = tf.TensorSpec([None, *CLIP, 3]), tf.TensorSpec([None], tf.int64)
    memory = step_memory(trainer, specs, way.at_a_time)
    return {"computed_mib": round(memory.moving / 2**20)}


def machine() -> dict:
    """What the numbers depend on."""
    return {
        "processor": processor.name(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 1),
    }


def in_processes(way: Way) -> dict:
    """`measure` on both sizes of clips and `compute`, each in a process."""
    whole, tiny, computed = (
        in_process(way, *flags) for flags in ([], ["--tiny"], ["--computed"])
    )
    return (
        whole
        | computed
        | {"tiny_clip_mib": tiny["peak_mib"], "way": dataclasses.asdict(way)}
    )


def in_process(way: Way, *flags: str) -> dict:
    """What this program finds with `--only`, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--only"]
    done = subprocess.run(
        [*command, str(WAYS.index(way)), *flags],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parent,
    )
    return json.loads(done.stdout.splitlines()[-1])


def added_by_a_clip(row: dict) -> float:
    """MiB, of a row of the results."""
    way = Way(**row["way"])
    return (row["peak_mib"] - row["tiny_clip_mib"]) / way.at_a_time


def clips_on_a_gpu(gib: int, row: dict) -> int:
    """How many fit at a time, by what one adds on the CPU."""
    return int((1024 * gib - GPU_FIXED_MIB) / added_by_a_clip(row))


def saved(plain: dict, thrifty: dict) -> dict:
    """Shares of the peak: of the process, and of what the clip adds."""
    process = 1 - thrifty["peak_mib"] / plain["peak_mib"]
    added = [row["peak_mib"] - row["tiny_clip_mib"] for row in (plain, thrifty)]
    return {
        "of_process": process,
        "of_clip": 1 - added[1] / added[0],
        "time": thrifty["seconds_per_clip"] / plain["seconds_per_clip"],
    }


def markdown(results: dict) -> str:
    """The table as docs/networks.md shows it."""
    gpus = " | ".join(f"{gib} GiB" for gib in GPUS)
    lines = [
        "| network | clips | `accumulate` | `recompute` | precision | peak of "
        "the process, MiB | with tiny clips | so clips add | by "
        "`memory_estimate` | processor seconds per clip | "
        f"computed: clips at a time on a GPU of {gpus} |",
        "|---|---|---|---|---|---|---|---|---|---|" + "---|" * len(GPUS),
    ]
    for row in results["rows"]:
        way = Way(**row["way"])
        cells = [
            way.model,
            str(way.clips),
            str(way.passes),
            "yes" if way.recompute else "no",
            way.policy,
            f"{row['peak_mib']:,}",
            f"{row['tiny_clip_mib']:,}",
            f"{row['peak_mib'] - row['tiny_clip_mib']:,}",
            f"{row['computed_mib']:,}",
            f"{row['seconds_per_clip']:.1f}",
            *(
                # A CPU without bfloat16 keeps copies of another precision.
                str(clips_on_a_gpu(gib, row)) if way.policy == FLOAT32 else ""
                for gib in GPUS
            ),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    rows = {Way(**row["way"]): row for row in results["rows"]}
    for model in ("s3dg", "i3d"):
        share = saved(rows[Way(model)], rows[Way(model, recompute=True)])
        lines.append(
            f"{model}, `recompute`: {100 * share['of_process']:.0f} % less for "
            f"the process, {100 * share['of_clip']:.0f} % of what the clip "
            f"adds, in {share['time']:.2f} times the processor time."
        )
    where = results["machine"]
    lines.append(
        f"TensorFlow {results['rows'][0]['tensorflow']}, {where['cores']} "
        f"cores of {where['processor']}; other work on the machine: load "
        f"{where['load_before']}."
    )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=int, help="of WAYS, in this process")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--computed", action="store_true")
    given = parser.parse_args(arguments)
    if given.only is not None:
        way = WAYS[given.only]
        found = (
            compute(way)
            if given.computed
            else measure(way, TINY_CLIP if given.tiny else CLIP)
        )
        print(json.dumps(found))
        return
    results: dict = {"clip": CLIP, "machine": machine(), "rows": []}
    results["rows"] = [in_processes(way) for way in WAYS]
    publish(RESULTS, results, PAGE, "memory", markdown)


if __name__ == "__main__":
    main()
