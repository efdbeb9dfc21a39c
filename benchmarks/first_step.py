"""How long the first step of a training of the demo takes.

`python -m benchmarks.first_step` trains each of the demo's three networks for a
few steps, as `make demo` does, and writes its table into docs/training.md. The
first step traces the network in Python, and TensorFlow prepares the graph; on a
machine without a GPU that is minutes of a demo.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import tensorflow as tf

from benchmarks.fill_docs import HERE, publish
from benchmarks.input_wait import make_records, trainers
from d3d_tf import processor
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.garbage import set_aside
from d3d_tf.keras_api import keras
from d3d_tf.recipes import TOY
from d3d_tf.training.schedules import make_optimizer
from d3d_tf.training.strategy import make_strategy

RESULTS = HERE / "results" / "first_step.json"
PAGE = HERE.parent / "docs" / "training.md"
STEPS = 10


class Clock(keras.callbacks.Callback):
    """Seconds of every step, by the clock and of the processor."""

    def __init__(self):
        super().__init__()
        self.spent: list[tuple[float, float]] = []

    def on_train_batch_begin(self, batch, logs=None):
        self._begin = time.perf_counter(), time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        wall, cpu = self._begin
        self.spent.append(
            (time.perf_counter() - wall, time.process_time() - cpu)
        )


def measure(dataset: Dataset, steps: int = STEPS) -> list[dict]:
    """A row per network of the demo."""
    strategy = make_strategy(TOY.train.batch_size)
    with strategy.scope():
        made = trainers(dataset)
    rows = []
    for name, (streams, trainer) in made.items():
        with strategy.scope():
            trainer.compile(
                make_optimizer(TOY.train),
                metrics=[keras.metrics.SparseCategoricalAccuracy(name="top1")],
            )
            trainer.optimizer.build(trainer.trainable_variables)
        data = make_dataset(
            dataset,
            "train",
            TOY.clip,
            batch_size=TOY.train.batch_size,
            training=True,
            streams=streams,
        )
        clock = Clock()
        with set_aside():
            trainer.fit(
                data, steps_per_epoch=steps, verbose=0, callbacks=[clock]
            )
        (wall, cpu), *later = clock.spent
        rows.append(
            {
                "name": name,
                "first_step_seconds": wall,
                "first_step_processor_seconds": cpu,
                "later_step_seconds": statistics.median(w for w, _ in later),
                "nodes": _count_nodes(trainer, strategy, data),
            }
        )
    return rows


def _count_nodes(trainer, strategy, data) -> int:
    """Of the graph that `fit` has traced."""
    batches = iter(strategy.experimental_distribute_dataset(data))
    traced = trainer.train_tf_function.get_concrete_function(batches)
    return len(traced.graph.as_graph_def().node)


def markdown(results: dict) -> str:
    """The measurements as docs/training.md shows them."""
    lines = [
        "| training of the demo | operations | first step | of it processor "
        "time | a later step |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['name']} | {row['nodes']:,} | "
        f"{row['first_step_seconds']:.1f} s | "
        f"{row['first_step_processor_seconds']:.1f} s | "
        f"{row['later_step_seconds']:.2f} s |"
        for row in results["rows"]
    ]
    lines += [
        "",
        f"{results['processor']}, {results['cores']} cores, TensorFlow "
        f"{results['tensorflow']}; one after another in one process, no "
        "compiled step was there before.",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(
        arguments
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(make_records(Path(folder)))
    results = {
        "processor": processor.name(),
        "cores": len(os.sched_getaffinity(0)),
        "tensorflow": tf.__version__,
        "rows": rows,
    }
    publish(RESULTS, results, PAGE, "first step", markdown)


if __name__ == "__main__":
    main()
