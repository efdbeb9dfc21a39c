"""A training of six steps, shared by the tests of what it leaves."""

import csv
import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import (
    ClipRecipe,
    DataRecipe,
    EvaluationRecipe,
    Recipe,
    TrainRecipe,
)
from d3d_tf.data.dataset import open_dataset
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.trainer import Training, train
from tests.harness import Video, place_codes, tiny_network, write_records

RECIPE = Recipe(
    name="practice",
    clip=ClipRecipe(frames=2, size=16, flip=True),
    train=TrainRecipe(
        steps=6,
        batch_size=4,
        optimizer="adam",
        learning_rate=0.01,
        checkpoint_every=2,
    ),
)


def noise(folder, count: int, num_shards: int = 1, tests: int = 0):
    """So many training videos of three classes, and some of `test`."""
    rng = np.random.default_rng(0)
    videos = [
        Video(
            f"video{k}",
            k % 3,
            rng.integers(0, 256, [3, 20, 20, 3], np.uint8),
            place_codes(3, 20, 20),
            "train" if k < count else "test",
        )
        for k in range(count + tests)
    ]
    return open_dataset(write_records(folder, videos, num_shards=num_shards))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return noise(tmp_path_factory.mktemp("records") / "noise", 6)


@pytest.fixture(scope="module")
def run(dataset):
    """`run(folder, **train)` trains there, with changes of the recipe."""

    def run(
        folder,
        *,
        strategy=None,
        seed=0,
        synchronized=False,
        dropout=0.0,
        precise=0,
        service="",
        **changes,
    ):
        recipe = dataclasses.replace(
            RECIPE,
            seed=seed,
            data=DataRecipe(service=service),
            evaluation=EvaluationRecipe(precise_batch_norm=precise),
            train=dataclasses.replace(RECIPE.train, **changes),
        )
        return train(
            lambda: StreamTrainer(
                tiny_network(synchronized=synchronized, dropout=dropout)
            ),
            strategy or make_strategy(4, ["/cpu:0"]),
            Training(
                recipe,
                dataset,
                streams=("frames",),
                checkpoints=folder,
                tensorboard=folder / "tensorboard",
                title="practice",
            ),
        )

    return run


@pytest.fixture(scope="module")
def whole(run, tmp_path_factory):
    """Folder and network of a training that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "checkpoints"
    return folder, run(folder)


def history(folder):
    with open(folder / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def latest(folder):
    return Path(tf.train.latest_checkpoint(str(folder))).name


def same_weights(first, second, **tolerance):
    for one, other in zip(
        first.get_weights(), second.get_weights(), strict=True
    ):
        np.testing.assert_allclose(one, other, **(tolerance or {"atol": 1e-6}))


def _cut(name):
    def cut(folder):
        path = folder / name
        path.write_bytes(path.read_bytes()[:-30])
        return f"{name} is damaged"

    return cut


def _flip(name):
    """One bit, in the middle of the numbers."""

    def flip(folder):
        path = folder / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
        return f"{name} is damaged"

    return flip


def _empty(name):
    def empty(folder):
        (folder / name).write_bytes(b"")
        return f"{name} is damaged"

    return empty


def _remove(name):
    def remove(folder):
        (folder / name).unlink()
        return f"{name} is missing"

    return remove


def _exchange(folder):
    """The numbers of step 4, under the name of step 6."""
    shutil.copy(folder / "ckpt-4.data-00000-of-00001", folder / DATA)
    return f"{DATA} is damaged"


def _list(content):
    """TensorFlow's list of what is there; the checkpoints themselves are."""

    def write(folder):
        (folder / "checkpoint").write_bytes(content)

    return write


INDEX, DATA = "ckpt-6.index", "ckpt-6.data-00000-of-00001"
# What happens to the last checkpoint, of step 6, of the finished training;
# each returns which file that is and what is wrong with it, None: nothing.
DAMAGE = {
    "index cut": _cut(INDEX),
    "index flipped": _flip(INDEX),
    "index empty": _empty(INDEX),
    "index missing": _remove(INDEX),
    "data cut": _cut(DATA),
    "data flipped": _flip(DATA),
    "data empty": _empty(DATA),
    "data missing": _remove(DATA),
    "data of step 4": _exchange,
    "list empty": _list(b""),
    "list cut": _list(b'model_checkpoint_path: "ckp'),
    "list not text": _list(b"\xff\0\xfe"),
}
