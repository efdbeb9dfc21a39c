"""What of the table's control is its teacher, and what is the squared error?

A student that imitates an RGB teacher may gain because squared error on logits
is a good loss by itself. Here the teacher is the label: the target is as large
as the RGB teacher's logits and says nothing but the class. Made from the runs
of `make table`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.fill_docs import HERE, save
from benchmarks.table import SEEDS, pool
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.models import make_network
from d3d_tf.roles import BASELINE
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.training.scoring import Shown, compile_forward, score_split
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.trainer import Training, train

RESULTS = HERE / "results" / "one_hot.json"
SPLIT = "shuffled_colours"


class LabelsAsTeacher(Distiller):
    """Distils `margin` at the label and zero elsewhere, without the mean."""

    def __init__(self, student, margin: float, **kwargs):
        super().__init__(None, student, **kwargs)
        self.margin = margin

    def clip_losses(self, inputs, labels, logits):
        classes = logits.shape[-1]
        target = self.margin * (tf.one_hot(labels, classes) - 1 / classes)
        return super().clip_losses(
            inputs | {"teacher_logits": target}, labels, logits
        )

    def train_step(self, data):
        return StreamTrainer.train_step(self, data)


def mean_margin(network, data) -> float:
    """By how much a network's logit of the label exceeds the others' mean."""
    margins = []
    for inputs, labels in data:
        logits = network(inputs["frames"], training=False).numpy()
        classes = logits.shape[-1]
        own = logits[np.arange(len(logits)), labels.numpy()]
        others = (logits.sum(axis=-1) - own) / (classes - 1)
        margins.append(own - others)
    return float(np.concatenate(margins).mean())


def score_of(run: Run, folder: Path) -> dict:
    """Trains one student from labels; its top-1 on shuffled colours."""
    recipe = run.recipe()
    dataset = open_dataset(run.origin()["records"])
    training = make_dataset(
        dataset,
        "train",
        recipe.clip,
        batch_size=64,
        training=False,
        streams=("frames",),
    )
    margin = mean_margin(load_checkpoint(run.folder, BASELINE), training)

    def make_trainer():
        network = make_network(recipe.network, len(dataset.classes), "frames")
        weight = recipe.distill.weight
        return LabelsAsTeacher(network, margin, distillation_loss_weight=weight)

    network = train(
        make_trainer,
        make_strategy(recipe.train.batch_size),
        Training(
            recipe,
            dataset,
            streams=("frames",),
            checkpoints=folder / "checkpoints",
            tensorboard=folder / "tensorboard",
            title=f"labels as teacher, margin {margin:.1f}",
        ),
    )
    scores = score_split(
        compile_forward(network),
        dataset,
        SPLIT,
        Shown(recipe.clip, "frames", 64),
        title=SPLIT,
    )
    right = scores.probabilities.argmax(axis=-1) == scores.labels
    return {"value": float(right.mean()), "n": len(right), "margin": margin}


def main() -> None:
    """Prints and saves the pooled result over the table's seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, default=Path("runs/table"))
    given = parser.parse_args()
    entries = [
        score_of(
            Run(given.runs / f"seed{seed}"), given.runs / f"seed{seed}-labels"
        )
        for seed in given.seeds
    ]
    result = pool(entries) | {"margins": [e["margin"] for e in entries]}
    save(RESULTS, result)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
