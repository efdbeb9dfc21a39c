"""How long a training step of the demo's small networks waits for its data.

"Waits" is the time in `next(iterator)`. The strictest case: nothing else is so
quick to train, and on a machine without a GPU the work on the data takes the
same cores as the step.
"""

import dataclasses
import time
from pathlib import Path

import tensorflow as tf

from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.models import make_network
from d3d_tf.recipes import TOY
from d3d_tf.tfrecords import toy_videos
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.training.schedules import make_optimizer

WARM_UP = 5
VIDEOS = 64


def make_records(folder: Path) -> Dataset:
    """Some of the demo's videos."""
    assert TOY.toy is not None
    few = dataclasses.replace(TOY.toy, train_videos=VIDEOS, test_videos=8)
    listing = toy_videos.write_videos(
        folder / "videos", few, TOY.seed, show=False
    )
    records = folder / "toy"
    prepare(listing, records, data=TOY.data, flow=TOY.flow, show=False)
    return open_dataset(records)


def trainers(dataset: Dataset) -> dict:
    """`{name: (streams, trainer)}`: teacher, baseline and student."""

    def network(stream):
        return make_network(TOY.network, len(dataset.classes), stream)

    teacher = network("flow")
    student = Distiller(
        teacher, network("frames"), distillation_loss_weight=TOY.distill.weight
    )
    made = {
        "teacher (flow)": (
            ("flow",),
            StreamTrainer(network("flow"), input_key="flow"),
        ),
        "baseline (RGB)": (("frames",), StreamTrainer(network("frames"))),
        "student (RGB and flow)": (("frames", "flow"), student),
    }
    for _, trainer in made.values():
        trainer.compile(make_optimizer(TOY.train))
    return made


def share(data: tf.data.Dataset, step, steps: int) -> dict:
    """The share of time that `steps` steps spend waiting, and ms per step.

    Args:
      data: endless batches.
      step: of one batch; returns when it is done.
      steps: how many, after some that are not counted.
    """
    iterator = iter(data)
    waited = 0.0
    begin = time.perf_counter()
    for count in range(WARM_UP + steps):
        if count == WARM_UP:
            waited, begin = 0.0, time.perf_counter()
        asked = time.perf_counter()
        batch = next(iterator)
        waited += time.perf_counter() - asked
        step(batch)
    total = time.perf_counter() - begin
    return {"waiting": waited / total, "ms_per_step": 1000 * total / steps}


def measure(folder: Path, *, steps: int) -> list[dict]:
    """A row per network of the demo."""
    dataset = make_records(folder)
    rows = []
    for name, (streams, trainer) in trainers(dataset).items():
        data = make_dataset(
            dataset,
            "train",
            TOY.clip,
            batch_size=TOY.train.batch_size,
            training=True,
            streams=streams,
        )
        train = tf.function(trainer.train_step)
        found = share(data, lambda b, t=train: t(b)["loss"].numpy(), steps)
        rows.append({"name": name, **found})
    return rows
