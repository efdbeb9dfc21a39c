"""Videos held out of a training: scored at checkpoints, and what follows."""

import dataclasses
import math
import os
import shutil
import signal

import pytest

from d3d_tf.config import TermRecipe, TrainRecipe
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.dataset import HELD_OUT
from d3d_tf.data.feature_sets import adopt_features, files_of
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.training import trainer as module
from d3d_tf.training.checkpoints import restore
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.trainer import Stopped, Training, train
from d3d_tf.training.validation import Validation
from tests.d3d_tf.training.conftest import (
    RECIPE,
    history,
    noise,
    same_weights,
)
from tests.harness import tiny_network
from tests.harness.tiny import NEXTVLAD
from tests.harness.yt8m import write_features


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Eight videos in four shards, and one of another split."""
    folder = tmp_path_factory.mktemp("records") / "noise"
    return noise(folder, 8, num_shards=4, tests=1)


@pytest.fixture
def run(dataset):
    """`run(folder, **train)` trains on six of the eight, and scores two."""

    def run(folder, *, strategy=None, dropout=0.0, records=dataset, **changes):
        changes = {"held_out": 0.25, **changes}
        recipe = dataclasses.replace(
            RECIPE, train=dataclasses.replace(RECIPE.train, **changes)
        )
        return train(
            lambda: StreamTrainer(
                tiny_network(synchronized=True, dropout=dropout)
            ),
            strategy or make_strategy(4, ["/cpu:0"]),
            Training(
                recipe,
                records.holding_out(recipe.train.held_out),
                streams=("frames",),
                checkpoints=folder,
                tensorboard=folder / "tensorboard",
                title="practice",
            ),
        )

    return run


def ids_of(dataset, split) -> set[bytes]:
    data = make_dataset(
        dataset,
        split,
        RECIPE.clip,
        batch_size=2,
        training=False,
        streams=("frames", "id"),
    )
    return {id_ for inputs, _ in data for id_ in inputs["id"].numpy()}


def test_whole_shards_are_held_out(dataset, tmp_path):
    every = ids_of(dataset, "train")
    for share, count in ((0.25, 2), (0.01, 2), (0.5, 4), (0.99, 6)):
        kept = dataset.holding_out(share)
        here, there = ids_of(kept, "train"), ids_of(kept, HELD_OUT)
        assert len(there) == count and here | there == every
        assert not here & there
        assert kept.splits == {"train": 8 - count, "test": 1}
        assert kept.test_splits == ["test"]
    assert dataset.holding_out(0.0).splits == {"train": 8, "test": 1}
    one = noise(tmp_path / "one", 2)
    with pytest.raises(UserError, match="one shard.*num_shards=8"):
        one.holding_out(0.5)


def scores_of(network, dataset) -> dict:
    """Of the two videos held out, by Keras."""
    trainer = StreamTrainer(network)
    trainer.compile(
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="top1")]
    )
    data = make_dataset(
        dataset.holding_out(0.25),
        HELD_OUT,
        RECIPE.clip,
        batch_size=2,
        training=False,
        streams=("frames",),
    )
    return trainer.evaluate(data, verbose=0, return_dict=True)


@pytest.mark.parametrize(
    "average", [pytest.param(0.0, marks=pytest.mark.large), 0.5]
)
def test_each_checkpoint_is_scored(run, dataset, tmp_path, average):
    """The last as Keras scores what is kept; by step, with TensorBoard."""
    network = run(tmp_path, average=average)
    rows = history(tmp_path)
    assert [row["step"] for row in rows] == ["2", "4", "6"]
    found = scores_of(network, dataset)
    for name in "loss", "classification_loss", "top1":
        assert float(rows[-1][f"val_{name}"]) == pytest.approx(found[name])
    assert len({row["val_loss"] for row in rows}) == 3
    assert list((tmp_path / "tensorboard" / "validation").iterdir())


def test_the_best_is_kept(run, dataset, tmp_path, capsys):
    """A rate that spoils the network in the end: not the last one's values."""
    settings = {"optimizer": "sgd", "learning_rate": 3.0, "steps": 10}
    network = run(tmp_path, keep_best=True, **settings)
    rows = [
        (float(row["val_top1"]), -float(row["val_loss"]), row["step"])
        for row in history(tmp_path)
    ]
    best = max(rows, key=lambda row: row[0])  # The first of equal ones.
    assert best is not rows[-1]
    found = scores_of(network, dataset)
    assert (found["top1"], -found["loss"]) == pytest.approx(best[:2])
    assert f"that of step {best[2]}, the best" in capsys.readouterr().out
    copy = tiny_network(synchronized=True)
    restore(copy, tmp_path)
    same_weights(copy, network, atol=0)


def test_a_damaged_record_of_them_is_named(run, dataset, tmp_path):
    """The third shard is trained on, the fourth held out: its first record."""
    folder = tmp_path / "noise"
    shutil.copytree(dataset.folder, folder)
    path = folder / "train-00003-of-00004.tfrecord"
    content = bytearray(path.read_bytes())
    content[200] ^= 4
    path.write_bytes(content)
    damaged = dataclasses.replace(dataset, folder=folder)
    with pytest.raises(UserError, match="train-00003-of.*record 1"):
        run(tmp_path / "run", records=damaged)


def test_it_ends_early_and_stays_so(run, dataset, tmp_path, monkeypatch):
    """Nothing learns at a rate of nearly 0: no checkpoint is better."""
    settings = {"optimizer": "sgd", "learning_rate": 1e-12, "steps": 20}
    network = run(tmp_path, patience=3, **settings)
    rows = history(tmp_path)
    assert [row["step"] for row in rows] == ["2", "4", "6", "8"]
    # It is not trained again.
    monkeypatch.setattr(module, "training_inputs", None)
    same_weights(run(tmp_path, patience=3, **settings), network, atol=0)


@pytest.mark.large
def test_a_stop_changes_nothing(run, tmp_path, monkeypatch):
    """Between two checkpoints: what follows is scored where it would be."""
    changes = {"keep_best": True, "average": 0.5}

    class Stopping(module.Progress):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            if self.model.optimizer.iterations.numpy() == 3:
                os.kill(os.getpid(), signal.SIGTERM)

    whole = run(tmp_path / "whole", dropout=0.5, **changes)
    expected = history(tmp_path / "whole")
    cut = tmp_path / "cut"
    with pytest.raises(Stopped), monkeypatch.context() as patched:
        patched.setattr(module, "Progress", Stopping)
        run(cut, dropout=0.5, **changes)
    same_weights(run(cut, dropout=0.5, **changes), whole, atol=0, rtol=0)
    rows = {row["step"]: row for row in history(cut)}
    assert math.isnan(float(rows["3"]["val_loss"]))
    for row in expected:
        assert rows[row["step"]]["val_loss"] == row["val_loss"]


@pytest.mark.large
def test_a_student_of_features(tmp_path):
    """Of three files one; its loss has the teacher's term."""
    counts = {f"train000{k}.tfrecord": 4 for k in range(3)}
    folder = write_features(tmp_path / "yt", counts, 3)
    dataset = adopt_features(folder, tmp_path / "records").holding_out(0.3)
    recipe = dataclasses.replace(
        RECIPE,
        task="youtube8m",
        network=NEXTVLAD.recipe,
        train=dataclasses.replace(
            RECIPE.train, steps=2, held_out=0.3, keep_best=True
        ),
    )
    made = []

    def make():
        made.append(
            Distiller(
                NEXTVLAD.network(),
                NEXTVLAD.network(),
                terms=(TermRecipe("vlad", "squares", 0.1),),
                input_key="features",
                teacher_input_key="all_features",
            )
        )
        return made[0]

    sampling = FrameSamplingRecipe(way="uniform", k=6, rounding="up")
    training = Training(
        recipe,
        dataset,
        streams=("features", "all_features"),
        sampling=sampling,
        checkpoints=tmp_path / "run",
        tensorboard=tmp_path / "run" / "tensorboard",
        title="practice",
    )
    train(make, make_strategy(4, ["/cpu:0"]), training)
    (row,) = history(tmp_path / "run")
    ((inputs, labels),) = feature_batches(
        files_of(dataset, HELD_OUT),
        batch_size=4,
        training=False,
        sampling=sampling,
        also_all=True,
    )
    assert b"train0002" in inputs["id"][0].numpy()
    found = made[0].test_on_batch(inputs, labels, return_dict=True)
    assert float(row["val_loss"]) == pytest.approx(found["loss"], rel=1e-5)
    assert float(row["val_distillation_loss_vlad"]) > 0


@pytest.mark.large
def test_two_replicas_score_the_same(run, replicas, tmp_path):
    settings = {"optimizer": "sgd", "learning_rate": 0.1, "steps": 2}
    for name, strategy in ("one", None), ("two", replicas):
        run(tmp_path / name, strategy=strategy, **settings)
    (one,), (two,) = history(tmp_path / "one"), history(tmp_path / "two")
    for name in "val_loss", "val_top1":
        assert float(two[name]) == pytest.approx(float(one[name]), rel=1e-4)


@pytest.mark.parametrize(
    "values, over",
    [
        ([0.1, 0.2, 0.2], False),
        ([0.1, 0.3, 0.2, 0.3], True),  # As good is not better.
        ([0.3, 0.2, 0.1, 0.4], False),
        ([], False),
        ([0.1], False),
    ],
)
def test_patience_by_hand(tmp_path, values, over):
    path = tmp_path / "history.csv"
    lines = [f"{k},{k},1.0,{value}\n" for k, value in enumerate(values)]
    path.write_text("".join(["epoch,step,val_loss,val_top1\n", *lines]))
    recipe = TrainRecipe(held_out=0.5, patience=2)
    assert Validation(None, tmp_path, recipe, path, "top1").is_over == over
    recipe = TrainRecipe(held_out=0.5)
    assert not Validation(None, tmp_path, recipe, path, "top1").is_over
