"""Inference and training step of S3D-G, against PyTorch in the same run.

`python -m benchmarks.speed` times one clip of 16 and of 64 frames of 224 x 224,
all candidates in turn, and writes its table into docs/networks.md. PyTorch is
no dependency of the package; `make bench` installs it beside.
"""

import argparse
import copy
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from benchmarks.fill_docs import HERE, fill, save
from d3d_tf import processor
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.networks import S3DG

RESULTS = HERE / "results"  # speed_avx2.json and speed_avx512.json there.
PAGE = HERE.parent / "docs" / "networks.md"
TORCH = HERE.parent / "build" / "torch"  # Where `make bench` puts it.
SIZE = 224
CLASSES = 400
REST = 0.2  # Seconds before each call.
OURS, UNFOLDED = "d3d_tf", "d3d_tf, not folded"
COMPILED = "PyTorch, compiled"
# A forward pass, and the gradients of inputs and of kernels.
PASSES = {"inference": 1, "training step": 3}


def tensorflow_cases(
    network, clip: np.ndarray
) -> dict[str, dict[str, Callable]]:
    """`{task: {name: call}}` of ours."""
    inputs, labels = tf.constant(clip), tf.constant([3])

    def inference(network):
        forward = tf.function(lambda clip: network(clip, training=False))
        return lambda: forward(inputs).numpy()

    trainer = StreamTrainer(network)
    trainer.compile(keras.optimizers.SGD(1e-4, momentum=0.9))
    step = tf.function(trainer.train_step)
    return {
        "inference": {
            OURS: inference(network.folded()),
            UNFOLDED: inference(network),
        },
        "training step": {
            OURS: lambda: step(({"frames": inputs}, labels))["loss"].numpy()
        },
    }


def restated():
    """S3D-G in PyTorch; there is no original one."""
    from benchmarks.torch_s3dg import S3DG as Restated

    return Restated(CLASSES)


def torch_cases(
    clip: np.ndarray,
    make_original: Callable,
    weight_decay: float,
    *,
    by_frames: bool = False,
) -> dict[str, dict[str, Callable]]:
    """The same network in PyTorch; nothing where it is not installed.

    Args:
      clip: as ours is shown it.
      make_original: returns PyTorch's network.
      weight_decay: of its training.
      by_frames: it takes `[time, channels, height, width]`, not a clip.
    """
    sys.path.append(str(TORCH))  # Behind the environment's own packages.
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed; see `make bench`.")
        return {"inference": {}, "training step": {}}

    plain, last = torch.contiguous_format, torch.channels_last_3d
    rows = torch.tensor(clip).permute(0, 4, 1, 2, 3)
    if by_frames:
        last = torch.channels_last
        rows = rows[0].transpose(0, 1)
    candidates = {  # Memory format; whether compiled.
        "PyTorch, eager": (plain, False),
        "PyTorch, eager, channels last": (last, False),
        COMPILED: (last, True),
    }
    eager = make_original()

    def make(memory_format, compiled):
        network = copy.deepcopy(eager).to(memory_format=memory_format)
        inputs = rows.contiguous(memory_format=memory_format)
        return (torch.compile(network) if compiled else network), inputs

    labels = torch.tensor([3])

    def inference(memory_format, compiled):
        network, inputs = make(memory_format, compiled)
        network.eval()

        def call():
            with torch.inference_mode():
                return network(inputs).numpy()

        return call

    def training(memory_format, compiled):
        network, inputs = make(memory_format, compiled)
        network.train()
        optimizer = torch.optim.SGD(
            [p for p in network.parameters() if p.requires_grad],
            lr=1e-4,
            momentum=0.9,
            weight_decay=weight_decay,
        )

        def call():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(inputs), labels)
            loss.backward()
            optimizer.step()
            return float(loss)

        return call

    return {
        "inference": {n: inference(*c) for n, c in candidates.items()},
        "training step": {n: training(*c) for n, c in candidates.items()},
    }


def milliseconds(cases: dict[str, Callable], rounds: int) -> dict[str, float]:
    """Median time of each call; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for call in cases.values():
        call()  # Compiles.
        call()
    for _ in range(rounds):
        for name, call in cases.items():
            # What was before has threads that still wait for work, spinning.
            time.sleep(REST)
            start = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(spent) for name, spent in times.items()}


def timed(
    ours: dict, theirs: dict, frames: int, work: int, rounds: int
) -> list[dict]:
    """A row of results for each task.

    Args:
      ours: from `tensorflow_cases`.
      theirs: from `torch_cases`.
      frames: of the clip.
      work: multiply-adds of a forward pass.
      rounds: of turns.
    """
    rows = []
    for task in PASSES:
        spent = milliseconds(ours[task] | theirs[task], rounds)
        print(frames, task, spent, flush=True)
        rows.append(
            {
                "frames": frames,
                "task": task,
                "multiply_adds": work,
                "ms": spent,
            }
        )
    return rows


def multiply_adds_per_second() -> float:
    """Of a large float32 matrix product on all cores; the best of some."""
    size = 4096
    a = tf.random.stateless_normal([size, size], [0, 0])
    product = tf.function(lambda: tf.linalg.matmul(a, a)[0, 0])
    best = np.inf
    for _ in range(6):
        start = time.perf_counter()
        product().numpy()
        best = min(best, time.perf_counter() - start)
    return size**3 / best


def markdown(results: dict) -> str:
    """The measurements as docs/networks.md shows them."""
    lines = [
        f"| one clip of | | ms | {OURS} is faster by | share of the "
        "matrix-multiply speed |",
        "|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        work = PASSES[row["task"]] * row["multiply_adds"]
        ours = row["ms"][OURS]
        for name, spent in row["ms"].items():
            share = work / (spent / 1000) / results["multiply_adds_per_second"]
            lines.append(
                f"| {row['frames']} frames, {row['task']} | {name} | "
                f"{spent:.0f} | {spent / ours:.2f} | {100 * share:.0f} % |"
            )
    lines += [
        "",
        f"{results['processor']} with {results['instructions']}, "
        f"{results['cores']} cores, float32, batch 1, median of turns"
        f"{_rest_of(results)}. A large "
        "float32 matrix product does "
        f"{results['multiply_adds_per_second'] / 1e9:.0f} G multiply-adds per "
        "second here. A training step counts three forward passes.",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="*", default=[16, 64])
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args(arguments)
    rows = []
    for frames in given.frames:
        rng = np.random.default_rng(0)
        clip = rng.uniform(-1, 1, [1, frames, SIZE, SIZE, 3])
        clip = clip.astype(np.float32)
        network = S3DG(CLASSES)
        network(clip[:, :2, :32, :32])
        work = measure_cost(network, clip.shape[1:]).multiply_adds
        ours = tensorflow_cases(network, clip)
        theirs = torch_cases(clip, restated, 1e-7)
        rows += timed(ours, theirs, frames, work, given.rounds)
    publish_rows("speed", rows)


def publish_rows(name: str, rows: list[dict]) -> None:
    """Saves rows of this machine, and writes the page's part of that name.

    Those of the other instruction set stay beside them.
    """
    instructions = _instructions()
    results = {
        "processor": processor.name(),
        "instructions": instructions,
        "cores": os.cpu_count(),
        "rest": REST,
        "multiply_adds_per_second": multiply_adds_per_second(),
        "rows": rows,
    }
    stem = name.replace(" ", "_")
    kind = instructions.replace("-", "").lower()
    save(RESULTS / f"{stem}_{kind}.json", results)
    text = "\n\n".join(
        markdown(json.loads(path.read_text()))
        for path in sorted(RESULTS.glob(f"{stem}_avx*.json"))
    )
    print(text)
    fill(PAGE, name, text)


def _rest_of(results: dict) -> str:
    rest = results.get("rest")  # Earlier results have none.
    return f" with a rest of {rest} s before each" if rest else ""


def _instructions() -> str:
    """What oneDNN computes with: the processor's, or what it is held to."""
    wide = "avx512f" in processor.instruction_sets()
    held = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper().startswith("AVX2")
    return "AVX-512" if wide and not held else "AVX2"


if __name__ == "__main__":
    main()
