"""What a student's step costs with kept logits, and with its teacher.

`python -m benchmarks.kept_logits` times steps of the demo's student, reading
included: from labels alone, with logits that are kept, and with the teacher in
the step. It writes its table into docs/training.md.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.fill_docs import HERE, publish
from benchmarks.input_wait import make_records, trainers
from benchmarks.interleave import Timed, take_turns, times_as_fast
from d3d_tf import processor
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.distill.distiller import Distiller
from d3d_tf.models import make_network
from d3d_tf.recipes import TOY
from d3d_tf.training.schedules import make_optimizer

RESULTS = HERE / "results" / "kept_logits.json"
PAGE = HERE.parent / "docs" / "training.md"
VIEWS = 4
PLAIN, KEPT, TEACHER = "labels alone", "kept logits", "teacher in the step"


def logits_of(dataset: Dataset) -> TeacherLogits:
    """Any logits of the training videos: their values cost nothing."""
    ids = [row["id"] for row in dataset.used() if row["split"] == "train"]
    shape = [len(ids), len(dataset.classes)]
    views = np.random.default_rng(0).normal(size=[VIEWS, *shape])
    return TeacherLogits(
        np.array(ids), tuple(views.astype(np.float32)), drawn=True
    )


def cases(dataset: Dataset, steps: int) -> dict[str, Callable[[], Timed]]:
    """Each takes so many steps; milliseconds of one, and the last loss."""
    made = trainers(dataset)
    student = Distiller(
        None,
        make_network(TOY.network, len(dataset.classes), "frames"),
        distillation_loss_weight=TOY.distill.weight,
    )
    student.compile(make_optimizer(TOY.train))
    logits = logits_of(dataset)
    return {
        name: _steps(dataset, streams, trainer, kept, steps)
        for name, (streams, trainer), kept in (
            (PLAIN, made["baseline (RGB)"], None),
            (KEPT, (("frames",), student), logits),
            (TEACHER, made["student (RGB and flow)"], None),
        )
    }


def _steps(
    dataset: Dataset,
    streams: tuple[str, ...],
    trainer,
    kept: TeacherLogits | None,
    steps: int,
) -> Callable[[], Timed]:
    batches = iter(
        make_dataset(
            dataset,
            "train",
            TOY.clip,
            batch_size=TOY.train.batch_size,
            training=True,
            streams=streams,
            teacher_logits=kept,
        )
    )
    train = tf.function(trainer.train_step)

    def run() -> Timed:
        # What was read while others had their turn does not count.
        train(next(batches))
        begin = time.perf_counter()
        for _ in range(steps):
            loss = train(next(batches))["loss"].numpy()
        return 1000 * (time.perf_counter() - begin) / steps, loss

    return run


def measure(dataset: Dataset, *, steps: int, rounds: int) -> list[dict]:
    """A row per way: the median of its turns, and against labels alone."""
    spent = take_turns(cases(dataset, steps), rounds)
    plain, _ = spent[PLAIN]
    rows = []
    for name, (times, _) in spent.items():
        # Times as long is times as fast, the other way round.
        longer = times_as_fast(plain, times)
        rows.append({"name": name, "ms": statistics.median(times), **longer})
    return rows


def markdown(results: dict) -> str:
    """The measurements as docs/training.md shows them."""
    lines = [
        "| a step of the demo's student | ms | times that from labels |",
        "|---|---|---|",
    ]
    for row in results["rows"]:
        low, high = row["ratio_ci95"]
        ratio = f"{row['ratio']:.3f} [{low:.3f}, {high:.3f}]"
        shown = "" if row["name"] == PLAIN else ratio
        lines.append(f"| {row['name']} | {row['ms']:.0f} | {shown} |")
    lines += [
        "",
        f"{results['processor']}, {results['cores']} cores, TensorFlow "
        f"{results['tensorflow']}; reading included, in turns; the median of "
        f"{results['rounds']} turns of {results['steps']} steps, with its 95 % "
        "interval.",
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_records(Path(folder))
        rows = measure(dataset, steps=given.steps, rounds=given.rounds)
    results = {
        "processor": processor.name(),
        "cores": len(os.sched_getaffinity(0)),
        "tensorflow": tf.__version__,
        "rounds": given.rounds,
        "steps": given.steps,
        "rows": rows,
    }
    publish(RESULTS, results, PAGE, "kept logits", markdown)


if __name__ == "__main__":
    main()
