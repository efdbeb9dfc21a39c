"""An exported module in TensorFlow, its C++ run time and OpenVINO, on a CPU.

`python -m benchmarks.runtimes` exports S3D-G with 400 classes and times one
clip of 16 and of 64 frames of 224 x 224, all candidates in turn, against the
frozen graph that TensorFlow makes of the same network; it writes its table into
docs/deployment.md. OpenVINO is no dependency of the package; `make bench`
installs it beside.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from benchmarks.cpp_runtime import CppRuntime
from benchmarks.fill_docs import HERE, publish
from benchmarks.interleave import Timed, take_turns, times_as_fast
from d3d_tf import processor
from d3d_tf.hub_export.cut_network import CLASSIFICATION, cut
from d3d_tf.hub_export.saved_module import make_module
from d3d_tf.hub_export.signature_inputs import ClipSpec
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.models.inception.blocks import ConvUnit
from d3d_tf.models.inception.networks import S3DG

RESULTS = HERE / "results" / "runtimes.json"
PAGE = HERE.parent / "docs" / "deployment.md"
OPENVINO = HERE.parent / "build" / "openvino"  # Where `make bench` puts it.
SIGNATURE = "serving_default"
MODULE, FROZEN = "module, TensorFlow", "frozen graph, TensorFlow"
MODULE_CPP, FROZEN_CPP = "module, TensorFlow in C++", "frozen graph, in C++"
# What a candidate is compared with; others with the frozen graph in C++.
BASELINE = {MODULE: FROZEN, FROZEN: FROZEN}
PRECISIONS = {"f32": "module, OpenVINO", "bf16": "module, OpenVINO in bfloat16"}
# That soft-max has something to say: a new network's logits are all alike.
LOGIT_DEVIATION = 3.0


def make_s3dg(classes: int, unit: np.ndarray, **kwargs) -> S3DG:
    """Random weights of the sizes that trained ones have.

    With kernels of variance 2 / fan-in, moving averages near 0 and 1 keep the
    activations of all layers in one range.

    Args:
      classes: number of logits.
      unit: the clip, `[1, time, height, width, 3]` in [0, 1].
      **kwargs: of the network.
    """
    network = S3DG(classes, fan_in_initializer=True, **kwargs)
    network(unit[:, :2, :32, :32])
    rng = np.random.default_rng(0)
    randomise_norms(network, rng)
    for layer in network.submodules:
        if isinstance(layer, ConvUnit) and layer.temporal is not None:
            # TensorFlow leaves out what adds zeros, as no trained bias does.
            bias = layer.temporal.bias
            bias.assign(rng.normal(0, 0.1, bias.shape))
    kernel = network.head.logits.kernel
    deviation = np.std(network(unit * 2 - 1, training=False))
    kernel.assign(kernel * (LOGIT_DEVIATION / deviation))
    return network


def randomise_norms(network, rng: np.random.Generator) -> None:
    """Shifts and moving averages as trained ones are.

    TensorFlow leaves out what adds zeros, and joins other operations then.
    """
    for layer in network.submodules:
        if isinstance(layer, BatchNorm):
            shape = layer.beta.shape
            if layer.shift:
                layer.beta.assign(rng.normal(0, 0.1, shape))
            layer.moving_mean.assign(rng.normal(0, 0.1, shape))
            layer.moving_variance.assign(rng.uniform(0.5, 1.5, shape))


def write_module(network, clip: ClipSpec, folder: Path) -> Path:
    """The module as the export saves it."""
    part = cut(network, CLASSIFICATION)
    module, signatures = make_module(network, part, clip)
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def freeze(network, unit: np.ndarray, folder: Path) -> Path:
    """TensorFlow's own frozen graph of the network, for this very clip."""
    spec = tf.TensorSpec(unit.shape, tf.float32, "frames")

    @tf.function(input_signature=[spec], autograph=False)
    def forward(frames):
        return network(frames * 2.0 - 1.0, training=False)

    frozen = convert_variables_to_constants_v2(forward.get_concrete_function())

    @tf.function(input_signature=[spec], autograph=False)
    def signature(frames):
        (logits,) = frozen(frames)
        return {"logits": logits}

    tf.saved_model.save(
        tf.Module(), str(folder), signatures={SIGNATURE: signature}
    )
    return folder


def in_tensorflow(folder: Path, unit: np.ndarray) -> Callable[[], Timed]:
    """Its signature, by Python."""
    loaded = tf.saved_model.load(str(folder))
    signature, frames = loaded.signatures[SIGNATURE], tf.constant(unit)

    def call() -> Timed:
        start = time.perf_counter()
        logits = signature(frames=frames)["logits"].numpy()
        # The module, without which there are no variables, stays.
        assert loaded is not None
        return 1000 * (time.perf_counter() - start), logits

    return call


def in_cpp(process: CppRuntime, unit: np.ndarray) -> Callable[[], Timed]:
    """Its signature, in a process without Python of TensorFlow's."""

    def call() -> Timed:
        answer = process.ask(SIGNATURE, frames=unit)
        if answer.code != 0:
            raise RuntimeError(answer.message)
        return answer.milliseconds, answer.outputs["logits"]

    return call


def in_openvino(
    folder: Path, unit: np.ndarray
) -> dict[str, Callable[[], Timed]]:
    """By precision; nothing where OpenVINO is not installed."""
    if str(OPENVINO) not in sys.path:
        sys.path.append(str(OPENVINO))  # Behind the environment's own.
    try:
        import openvino
    except ImportError:
        print("OpenVINO is not installed; see `make bench`.")
        return {}
    core = openvino.Core()
    model = core.read_model(folder)

    def compiled(precision: str) -> Callable[[], Timed]:
        options = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": os.cpu_count(),
        }
        run = core.compile_model(model, "CPU", options)

        def call() -> Timed:
            start = time.perf_counter()
            logits = run({"frames": unit})["logits"]
            return 1000 * (time.perf_counter() - start), logits

        return call

    return {name: compiled(hint) for hint, name in PRECISIONS.items()}


def distance(expected: np.ndarray, logits: np.ndarray) -> dict:
    """How far logits `[1, classes]`, and what is made of them, are apart."""
    ours, theirs = (tf.nn.softmax(x).numpy() for x in (expected, logits))
    return {
        "logits": float(np.abs(logits - expected).max()),
        "probabilities": float(np.abs(ours - theirs).max()),
        "same_top1": bool(logits.argmax() == expected.argmax()),
    }


def measure(
    frames: int, *, size: int, classes: int, rounds: int, **kwargs
) -> list[dict]:
    """A row per candidate for one clip of `frames` x `size` x `size`.

    Args:
      frames, size: of the clip.
      classes: number of logits.
      rounds: turns of every candidate.
      **kwargs: of the network.
    """
    rng = np.random.default_rng(0)
    unit = rng.random([1, frames, size, size, 3], np.float32)
    network = make_s3dg(classes, unit, **kwargs)
    expected = network(unit * 2 - 1, training=False).numpy()
    with (
        tempfile.TemporaryDirectory() as place,
        contextlib.ExitStack() as stack,
    ):
        clip = ClipSpec(frames, size, size, 1)
        module = write_module(network, clip, Path(place) / "module")
        frozen = freeze(network, unit, Path(place) / "frozen")
        module_cpp = stack.enter_context(CppRuntime(module))
        frozen_cpp = stack.enter_context(CppRuntime(frozen))
        found = take_turns(
            {
                MODULE: in_tensorflow(module, unit),
                FROZEN: in_tensorflow(frozen, unit),
                MODULE_CPP: in_cpp(module_cpp, unit),
                FROZEN_CPP: in_cpp(frozen_cpp, unit),
                **in_openvino(module, unit),
            },
            rounds,
        )
    return [
        {"frames": frames, "name": name, "ms": statistics.median(spent)}
        | times_as_fast(spent, found[BASELINE.get(name, FROZEN_CPP)][0])
        | distance(expected, logits)
        for name, (spent, logits) in found.items()
    ]


def markdown(results: dict) -> str:
    """The measurements as docs/deployment.md shows them."""
    lines = [
        "| one clip of | | ms | times as fast as the frozen graph, [95 %] | "
        "largest difference of a logit | of a probability | same top-1 |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['frames']} frames | {row['name']} | {row['ms']:.0f} | "
        f"{_ratio(row)} | {row['logits']:.1e} | {row['probabilities']:.1e} | "
        f"{'yes' if row['same_top1'] else 'no'} |"
        for row in results["rows"]
    ]
    lines += [
        "",
        f"S3D-G, {results['classes']} classes, {results['size']} x "
        f"{results['size']}, random weights with logits of standard deviation "
        f"{LOGIT_DEVIATION:g}; differences from the network in TensorFlow. "
        "Ratios are medians over rounds, in Python to the frozen graph in "
        "Python, else to the one in C++. "
        f"{results['processor']}, {results['cores']} cores, median of "
        f"{results['rounds']} turns, TensorFlow {results['tensorflow']}.",
    ]
    return "\n".join(lines)


def _ratio(row: dict) -> str:
    if row["name"] in (FROZEN, FROZEN_CPP):
        return "1"
    low, high = row["ratio_ci95"]
    return f"{row['ratio']:.3f} [{low:.3f}, {high:.3f}]"


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="*", default=[16, 64])
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args(arguments)
    shape = {"size": 224, "classes": 400}
    rows = []
    for frames in given.frames:
        rows += measure(frames, rounds=given.rounds, **shape)
        print(*rows, sep="\n", flush=True)
    results = {
        "processor": processor.name(),
        "cores": os.cpu_count(),
        "tensorflow": tf.__version__,
        "rounds": given.rounds,
        **shape,
        "rows": rows,
    }
    publish(RESULTS, results, PAGE, "runtimes", markdown)


if __name__ == "__main__":
    main()
