"""Training to the last step: saved, stopped, resumed, the same in the end."""

import dataclasses
import os
import re
import signal

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TermRecipe, digest
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.damaged import read_json
from d3d_tf.data.feature_sets import adopt_features
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.pixels import Pixels
from d3d_tf.training import trainer as trainer_module
from d3d_tf.training.checkpoints import is_finished, restore
from d3d_tf.training.strategy import make_strategy
from d3d_tf.training.trainer import Stopped, Training, train
from tests.d3d_tf.training.conftest import (
    RECIPE,
    history,
    latest,
    same_weights,
)
from tests.harness import tiny_network
from tests.harness.tiny import NEXTVLAD
from tests.harness.yt8m import write_features


@pytest.fixture
def stop_at(monkeypatch):
    """`stop_at(step, signal)`: sends this process a signal after a step."""

    class Killer(trainer_module.Progress):
        step, number = None, None

        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            if self.model.optimizer.iterations.numpy() == Killer.step:
                os.kill(os.getpid(), Killer.number)

    monkeypatch.setattr(trainer_module, "Progress", Killer)

    def stop_at(step, number=signal.SIGTERM):
        Killer.step, Killer.number = step, number

    return stop_at


def test_a_whole_training(whole):
    """6 steps, a checkpoint every 2: the last two are kept."""
    folder, network = whole
    assert read_json(folder / "finished.json", {}, "") == {
        "steps": 6,
        "recipe_hash": digest(RECIPE),
        "flow_recipe": "fedcba9876543210",  # That of `write_records`.
    }
    assert is_finished(folder)
    names = {path.stem for path in folder.glob("ckpt-*.index")}
    assert names == {"ckpt-4", "ckpt-6"}
    rows = history(folder)
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert {"loss", "classification_loss", "top1"} <= rows[0].keys()
    assert list((folder / "tensorboard").rglob("events.out.tfevents.*"))
    copy = tiny_network()
    restore(copy, folder)
    same_weights(copy, network, atol=0)


def test_stopped_and_resumed_is_as_if_never_stopped(
    whole, run, stop_at, tmp_path
):
    """Ctrl-C in the middle of an epoch, then SIGTERM at its end.

    Weights, moving averages, Adam's slots, the rate and the data all go on,
    and what random numbers Keras drew first is the same.
    """
    for step, number, code in (
        (3, signal.SIGINT, 130),
        (4, signal.SIGTERM, 143),
    ):
        stop_at(step, number)
        message = f"{number.name}.*same command"
        with pytest.raises(Stopped, match=message) as error:
            run(tmp_path)
        assert error.value.exit_code == code
        assert str(tmp_path) in str(error.value)
        assert not is_finished(tmp_path)
        assert latest(tmp_path) == f"ckpt-{step}"
    stop_at(None)
    same_weights(run(tmp_path), whole[1])
    assert is_finished(tmp_path)


def test_several_steps_in_one_execution(whole, run, stop_at, tmp_path):
    """6 steps, of which 2 lie between checkpoints: 2 at a time, and at most."""
    stop_at(2)
    with pytest.raises(Stopped):
        run(tmp_path, steps_per_execution=4)
    assert latest(tmp_path) == "ckpt-2"
    stop_at(None)
    # What follows may be one by one.
    same_weights(run(tmp_path), whole[1], atol=0)
    assert [row["step"] for row in history(tmp_path)] == ["2", "4", "6"]
    same_weights(
        run(tmp_path / "other", steps_per_execution=4), whole[1], atol=0
    )


@pytest.mark.parametrize(
    ("devices", "rounding"),
    # A checkpoint holds the replicas' mean of what each of them averages.
    [(["/cpu:0"], 0), pytest.param(None, 1e-7, marks=pytest.mark.large)],
)
def test_dropout_goes_on_where_it_was(
    whole, run, stop_at, tmp_path, devices, rounding, replicas
):
    """To the bit, although another process would not know Keras' counter."""
    settings = {"strategy": make_strategy(4, devices), "dropout": 0.5}
    straight = run(tmp_path / "whole", **settings)
    stop_at(2)
    with pytest.raises(Stopped):
        run(tmp_path / "cut", **settings)
    stop_at(None)
    cut = run(tmp_path / "cut", **settings)
    same_weights(cut, straight, atol=rounding, rtol=0)
    dropped, kept = straight.get_weights()[0], whole[1].get_weights()[0]
    assert abs(dropped - kept).max() > 1e-3


@pytest.mark.large
def test_a_student_of_features_goes_on_where_it_was(stop_at, tmp_path):
    """To the bit: its drawn frames, dropout, averages and Adam's slots."""
    counts = {"train0000.tfrecord": 5, "train0001.tfrecord": 4}
    folder = write_features(tmp_path / "yt", counts, 3)
    dataset = adopt_features(folder, tmp_path / "records")
    recipe = dataclasses.replace(
        RECIPE, task="youtube8m", network=NEXTVLAD.recipe
    )

    def run(name):
        return train(
            lambda: Distiller(
                NEXTVLAD.network(),
                NEXTVLAD.network(dropout=0.5),
                terms=(TermRecipe("vlad", "squares", 0.1),),
                input_key="features",
                teacher_input_key="all_features",
            ),
            make_strategy(4, ["/cpu:0"]),
            Training(
                recipe,
                dataset,
                streams=("features", "all_features"),
                sampling=FrameSamplingRecipe(way="random", k=4),
                checkpoints=tmp_path / name,
                tensorboard=tmp_path / name / "tensorboard",
                title="practice",
            ),
        )

    straight = run("whole")
    stop_at(3)
    with pytest.raises(Stopped):
        run("cut")
    assert latest(tmp_path / "cut") == "ckpt-3"
    stop_at(None)
    same_weights(run("cut"), straight, atol=0)
    first = NEXTVLAD.network().get_weights()[0]
    assert abs(first - straight.get_weights()[0]).max() > 1e-3


def test_a_trained_network_knows_no_optimizer(run, tmp_path):
    """What is exported may not hang on the step by which dropout was drawn."""
    network = run(tmp_path, steps=1, dropout=0.5)
    module = tf.Module()
    module.network = network
    clip = tf.TensorSpec([None, 2, 16, 16, 3])
    module.call = tf.function(
        lambda clip: network(clip, training=True), input_signature=[clip]
    )
    tf.saved_model.save(module, str(tmp_path / "module"))
    loaded = tf.saved_model.load(str(tmp_path / "module"))
    assert loaded.call(tf.zeros([1, 2, 16, 16, 3])).shape == (1, 3)


def test_the_pixels_of_a_network(dataset, tmp_path):
    """As if the network itself made them of [-1, 1]: 0.5 x + 0.5 is [0, 1]."""
    pixels = Pixels((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    mean, std = np.array(pixels.mean), np.array(pixels.std)
    settings = {"steps": 2, "optimizer": "sgd", "learning_rate": 0.01}
    recipe = dataclasses.replace(
        RECIPE, train=dataclasses.replace(RECIPE.train, **settings)
    )

    def rescaling():
        clip = keras.Input([None, None, None, 3])
        shown = keras.layers.Rescaling(0.5 / std, (0.5 - mean) / std)(clip)
        return keras.Model(clip, tiny_network()(shown))

    def trained(folder, pixels, make=tiny_network):
        return train(
            lambda: StreamTrainer(make()),
            make_strategy(4, ["/cpu:0"]),
            Training(
                dataclasses.replace(
                    recipe,
                    network=dataclasses.replace(
                        recipe.network,
                        pixel_mean=pixels.mean,
                        pixel_std=pixels.std,
                    ),
                ),
                dataset,
                streams=("frames",),
                checkpoints=folder,
                tensorboard=folder / "tensorboard",
                title="practice",
            ),
        )

    ours = trained(tmp_path / "ours", pixels)
    same_weights(
        ours, trained(tmp_path / "same", Pixels(), rescaling), atol=1e-5
    )
    other = trained(tmp_path / "other", Pixels())
    assert abs(ours.get_weights()[0] - other.get_weights()[0]).max() > 1e-4


def test_the_seed_decides(whole, run, tmp_path):
    """Initial weights, order and crops; Adam's steps of 0.01 are small."""
    other = run(tmp_path, seed=1, steps=1)
    distance = np.linalg.norm(
        whole[1].get_weights()[0] - other.get_weights()[0]
    )
    assert distance > 0.3


@pytest.mark.parametrize(
    "optimizer", ["adam", pytest.param("sgd", marks=pytest.mark.large)]
)
def test_the_same_seed_gives_the_same_bits(run, tmp_path, replicas, optimizer):
    """Weights, moving averages and every number of the history.

    On two replicas: what is summed over them, too.
    """
    found = [
        run(tmp_path / name, strategy=replicas, optimizer=optimizer, seed=5)
        for name in ("one", "two")
    ]
    same_weights(*found, atol=0, rtol=0)
    one, two = (history(tmp_path / name) for name in ("one", "two"))
    assert one == two


def test_kernels_are_deterministic_only_where_it_is_asked_for(
    run, tmp_path, monkeypatch
):
    """On this machine's CPU both give the same; on a GPU only one does."""
    asked = []
    monkeypatch.setattr(
        tf.config.experimental,
        "enable_op_determinism",
        lambda: asked.append(True),
    )
    run(tmp_path / "no", steps=1, deterministic=False)
    assert asked == []
    run(tmp_path / "yes", steps=1, deterministic=True)
    assert asked == [True]


def test_a_finished_training_is_not_done_again(whole, run, monkeypatch):
    folder, network = whole
    monkeypatch.setattr(trainer_module, "training_inputs", None)
    same_weights(run(folder), network, atol=0)


def test_precise_statistics(whole, run, dataset, tmp_path, monkeypatch):
    """Trained weights as without; statistics of the first three batches.

    NumPy's moments of what the one convolution makes of them.
    """
    network = run(tmp_path, precise=3)
    plain = whole[1]
    for one, other in zip(
        network.trainable_weights, plain.trainable_weights, strict=True
    ):
        np.testing.assert_array_equal(one, other)
    convolution, norm = network.layers[1:3]
    batches = make_dataset(
        dataset,
        "train",
        RECIPE.clip,
        batch_size=4,
        training=True,
        streams=("frames",),
    ).take(3)
    made = [convolution(inputs["frames"]).numpy() for inputs, _ in batches]
    for variable, moment in (
        (norm.moving_mean, np.mean),
        (norm.moving_variance, np.var),
    ):
        expected = np.mean([moment(x, axis=(0, 1, 2, 3)) for x in made], axis=0)
        np.testing.assert_allclose(variable, expected, rtol=1e-4, atol=1e-6)
        assert np.abs(variable - plain.layers[2].moving_mean).max() > 1e-3
    copy = tiny_network()
    restore(copy, tmp_path)
    same_weights(copy, network, atol=0)
    # Neither trained nor settled again.
    monkeypatch.setattr(trainer_module, "training_inputs", None)
    monkeypatch.setattr(trainer_module, "settle_on_records", None)
    same_weights(run(tmp_path, precise=3), network, atol=0)


def test_replicas_train_the_same_network(run, replicas, tmp_path):
    """Two replicas with synchronized batch norm make the network of one.

    SGD: Adam's first steps are sign(g) and would blow up rounding.
    """
    settings = {
        "optimizer": "sgd",
        "synchronized": True,
        "learning_rate": 0.1,
        "steps": 3,
    }
    one = run(tmp_path / "one", **settings)
    two = run(tmp_path / "two", strategy=replicas, **settings)
    same_weights(one, two, rtol=1e-4, atol=1e-5)
    copy = tiny_network(synchronized=True)
    restore(copy, tmp_path / "two")
    same_weights(copy, two, atol=0)


def test_passes_of_one_device_train_as_replicas(run, replicas, tmp_path):
    """SGD, for the same reason; each with its own statistics."""
    settings = {"optimizer": "sgd", "learning_rate": 0.1, "steps": 3}
    one = run(tmp_path / "one", accumulate=2, **settings)
    two = run(tmp_path / "two", strategy=replicas, **settings)
    same_weights(one, two, rtol=1e-4, atol=1e-5)


def test_the_average_of_the_weights(run, tmp_path, replicas):
    """Of a step it is the mean of the weights before and after it.

    Those of the network are averaged, not statistics; what is restored is what
    was given back.
    """
    settings = {"steps": 1, "optimizer": "sgd", "learning_rate": 0.1}
    keras.utils.set_random_seed(RECIPE.seed)
    before = tiny_network(synchronized=True)
    settings["synchronized"] = True
    after = run(tmp_path / "plain", **settings)
    for name, strategy in ("one", None), ("two", replicas):
        folder = tmp_path / name
        average = run(folder, average=0.5, strategy=strategy, **settings)
        for variable, *values in zip(
            average.variables, before.variables, after.variables, strict=True
        ):
            trained = "moving" not in variable.name
            expected = np.mean(values, axis=0) if trained else values[1]
            np.testing.assert_allclose(variable, expected, atol=1e-6)
        copy = tiny_network(synchronized=True)
        restore(copy, folder)
        same_weights(copy, average, atol=0)


def test_passes_and_averages_go_on_where_they_were(run, stop_at, tmp_path):
    """To the bit; dropout draws in every pass."""
    settings = {"accumulate": 2, "average": 0.9, "dropout": 0.5}
    straight = run(tmp_path / "whole", **settings)
    stop_at(3)
    with pytest.raises(Stopped):
        run(tmp_path / "cut", **settings)
    stop_at(None)
    same_weights(run(tmp_path / "cut", **settings), straight, atol=0, rtol=0)


def test_mixed_precision_is_resumed(run, stop_at, precision, tmp_path):
    """The loss scale is part of the checkpoint."""
    precision("mixed_float16")
    stop_at(1)
    with pytest.raises(Stopped):
        run(tmp_path, steps=2)
    stop_at(None)
    network = run(tmp_path, steps=2)
    assert is_finished(tmp_path)
    assert all(np.isfinite(w).all() for w in network.get_weights())


DIVERGED = {"optimizer": "sgd", "learning_rate": 1e30}


def test_divergence_is_an_error(run, tmp_path, capsys):
    """What comes after the bar begins a line, while the error is alive; signals
    are handled as before.
    """
    handlers = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)]
    try:
        with pytest.raises(UserError, match="learning_rate") as error:
            run(tmp_path, steps=25, checkpoint_every=25, **DIVERGED)
        assert error.tb is not None  # It holds all that was there.
        assert re.search(r"step/s.*\]\n$", capsys.readouterr().err)
        assert not is_finished(tmp_path)
        assert handlers == [
            signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)
        ]
    finally:
        signal.signal(signal.SIGTERM, handlers[0])
        signal.signal(signal.SIGINT, handlers[1])


@pytest.mark.parametrize(
    "steps", [6, pytest.param(25, marks=pytest.mark.large)]
)
def test_divergence_is_neither_saved_nor_finished(run, tmp_path, steps):
    with pytest.raises(UserError, match="learning_rate"):
        run(tmp_path, steps=steps, checkpoint_every=3, **DIVERGED)
    assert not is_finished(tmp_path)
    if list(tmp_path.glob("ckpt-*")):
        network = tiny_network()
        restore(network, tmp_path)
        assert all(np.isfinite(w).all() for w in network.get_weights())


@pytest.mark.parametrize(
    "odd",
    [
        "a*b",
        *(
            pytest.param(name, marks=pytest.mark.large)
            for name in ("x[1]", os.fsdecode(b"back\\sl\xf1"))
        ),
    ],
)
def test_more_steps_in_a_folder_that_tensorflow_takes_for_a_pattern(
    run, tmp_path, odd
):
    """2 steps, then 3: the second training makes one, and appends. It is read
    again; what a pattern would match is left alone.
    """
    folder = tmp_path / odd / "checkpoints"
    other = tmp_path / "aXb" / "checkpoints"
    other.mkdir(parents=True)
    (other / "ckpt-2.index").touch()
    run(folder, steps=2)
    trained = run(folder, steps=3)
    rows = history(folder)
    assert [(row["epoch"], row["step"]) for row in rows] == [
        ("0", "2"),
        ("1", "3"),
    ]
    kept = sorted(path.stem for path in folder.glob("*.index"))
    assert kept == ["ckpt-2", "ckpt-3"]
    assert (other / "ckpt-2.index").exists()
    assert list((folder / "tensorboard" / "train").iterdir())
    again = tiny_network()
    restore(again, folder)
    same_weights(again, trained, atol=0)
