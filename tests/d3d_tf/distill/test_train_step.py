"""A training step is the same on one device and on two replicas.

A linear network has its step worked out in NumPy; a convolutional one with
batch normalisation is compared between one and two replicas. Rate 1 without
momentum makes a weight move by its gradient, so that a wrong factor anywhere
shows in full.
"""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from tests.harness import (
    one_device,
    randomize,
    softmax,
    tiny_network,
    train_once,
)
from tests.harness.step import CLOSE, check_resume, check_step

PENALTY = 0.05


def clips(count, *, channels=3, seed=0):
    """Clips, labels and weights that differ."""
    rng = np.random.default_rng(seed)
    frames = rng.normal(0, 1, [count, 2, 3, 3, channels])
    # Clips that differ in scale: parts of the batch have other statistics.
    frames *= np.arange(1, count + 1).reshape(-1, 1, 1, 1, 1)
    return (
        np.float32(frames),
        np.arange(count) % 3,
        np.float32(0.5 + np.arange(count)),
    )


def batches(count, *, weighted=False, batch_size=None):
    frames, labels, weights = clips(count)
    parts = ({"frames": frames}, labels, weights)[: 3 if weighted else 2]
    data = tf.data.Dataset.from_tensor_slices(parts)
    return data.batch(batch_size or count)


def linear_trainer():
    """Logits are the clip's mean colour times a matrix."""
    network = keras.Sequential(
        [
            keras.layers.GlobalAveragePooling3D(input_shape=[None] * 3 + [3]),
            keras.layers.Dense(
                3,
                use_bias=False,
                kernel_regularizer=keras.regularizers.L2(PENALTY),
            ),
        ]
    )
    return StreamTrainer(network)


def linear_truth(count, *, weighted):
    """In float64: loss terms of every clip, and the kernel after the step."""
    frames, labels, weights = clips(count)
    weights = weights if weighted else np.ones(count)
    features = np.float64(frames).mean((1, 2, 3))
    probe = linear_trainer()
    randomize(probe.network)
    kernel = np.float64(probe.network.get_weights()[0])
    probabilities = softmax(features @ kernel)
    entropy = -np.log(probabilities[np.arange(count), labels])
    error = weights[:, None] * (probabilities - np.eye(3)[labels])
    gradient = features.T @ error / count + 2 * PENALTY * kernel
    logs = {
        "loss": (weights * entropy).mean() + PENALTY * (kernel**2).sum(),
        "classification_loss": entropy.mean(),
        "top1": (probabilities.argmax(1) == labels).mean(),
    }
    return logs, kernel - gradient


@pytest.fixture(params=[1, 2], ids=["device", "replicas"])
def strategy(request):
    """One device, or two replicas."""
    if request.param == 1:
        return one_device()
    return request.getfixturevalue("replicas")


def test_five_clips_are_three_and_two(replicas):
    """What the tests below rely on: nobody drops or repeats a clip."""
    (batch,) = replicas.experimental_distribute_dataset(batches(5))
    parts = replicas.experimental_local_results(batch[1])
    assert [part.numpy().tolist() for part in parts] == [[0, 1, 2], [0, 1]]


@pytest.mark.parametrize("count, weighted", [(4, False), (5, True)])
def test_step_by_hand(replicas, count, weighted):
    """L = sum of w CE over clips / clips + penalty; SGD, rate 1."""
    logs, kernel = linear_truth(count, weighted=weighted)
    data = batches(count, weighted=weighted)
    check_step(linear_trainer, data, replicas, logs=logs, weights=[kernel])


def test_stopped_and_resumed(tmp_path):
    """With dropout, batch norm and penalties."""

    def make():
        return StreamTrainer(tiny_network(dropout=0.5, weight_decay=PENALTY))

    data = batches(8, weighted=True, batch_size=2)
    check_resume(make, data, tmp_path / "state")


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_evaluation_by_hand(strategy, weighted):
    """5 clips in batches of 2: on two replicas the last has none for one."""
    expected, _ = linear_truth(5, weighted=weighted)
    with strategy.scope():
        trainer = linear_trainer()
        randomize(trainer.network)
        trainer.compile(
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="top1")]
        )
    before = trainer.network.get_weights()
    data = batches(5, weighted=weighted, batch_size=2)
    logs = trainer.evaluate(data, verbose=0, return_dict=True)
    assert logs.keys() == expected.keys()
    for name, value in expected.items():
        assert logs[name] == pytest.approx(value, rel=1e-5), name
    np.testing.assert_array_equal(trainer.network.get_weights(), before)


@pytest.mark.parametrize("count, weighted", [(4, True), (5, False)])
def test_synchronized_step_does_not_depend_on_replicas(
    replicas, count, weighted
):
    """Convolution, synchronized batch norm, regularisers; all variables."""

    def make():
        return StreamTrainer(
            tiny_network(synchronized=True, weight_decay=PENALTY)
        )

    check_step(make, batches(count, weighted=weighted), replicas)


@pytest.mark.parametrize("count", [4, 5])
def test_step_with_a_batch_norm_per_replica(replicas, count):
    """The rule: replica r normalises its own part, gradients add up as if
    the losses of all clips were one sum, and the moving averages are the mean
    of what each replica would have made of them alone.

    One device does that by hand: the network is called on each part.
    """

    def make():
        return StreamTrainer(tiny_network(weight_decay=PENALTY))

    frames, labels, _ = clips(count)
    network = make().network
    randomize(network)
    start = network.get_weights()
    averages = [
        i for i, v in enumerate(network.variables) if "moving" in v.name
    ]
    updates = []
    with tf.GradientTape() as tape:
        loss = tf.add_n(network.losses)
        for part in np.array_split(np.arange(count), 2):
            for i in averages:
                network.variables[i].assign(start[i])
            logits = network(frames[part], training=True)
            updates.append([network.variables[i].numpy() for i in averages])
            entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels[part], logits
            )
            loss += tf.reduce_sum(entropy) / count
    gradients = tape.gradient(loss, network.trainable_variables)
    for variable, gradient in zip(
        network.trainable_variables, gradients, strict=True
    ):
        variable.assign_sub(gradient)
    for i, values in zip(averages, zip(*updates, strict=True), strict=True):
        assert abs(values[0] - values[1]).max() > 0.01  # Parts differ.
        network.variables[i].assign(np.mean(values, axis=0))

    logs, values = train_once(replicas, make, batches(count))
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    for value, expected in zip(values, network.get_weights(), strict=True):
        np.testing.assert_allclose(value, expected, **CLOSE)


def test_metrics_are_reported_once_each():
    trainer = StreamTrainer(tiny_network())
    trainer.compile(metrics=["accuracy"])
    data = batches(3)
    trainer.fit(data, verbose=0)
    names = ["loss", "classification_loss", "accuracy"]
    assert trainer.metrics_names == names
    assert len(trainer.evaluate(data, verbose=0)) == len(names)


def test_weights_are_those_of_the_network():
    trainer = StreamTrainer(tiny_network())
    trainer.compile()
    trainer.fit(batches(3), verbose=0)
    assert {id(v) for v in trainer.weights} == {
        id(v) for v in trainer.network.weights
    }


def test_epochs_do_not_add_up():
    """With rate 0 every epoch reports the same means."""
    trainer = StreamTrainer(tiny_network(batch_norm=False))
    trainer.compile(optimizer=keras.optimizers.SGD(0.0))
    losses = trainer.fit(batches(4), epochs=3, verbose=0).history["loss"]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-6)


@pytest.mark.parametrize(
    "loss, truth",
    [
        (
            keras.losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=0.3
            ),
            lambda y, z: -((0.7 * y + 0.1) * np.log(softmax(z))).sum(1),
        ),
        ("mean_squared_error", lambda y, z: ((y - z) ** 2).mean(1)),
        (
            lambda y, z: tf.reduce_max(tf.abs(y - z), axis=1),
            lambda y, z: abs(y - z).max(1),
        ),
    ],
    ids=["object", "name", "function"],
)
def test_any_loss_of_keras(loss, truth):
    """An object keeps its settings (label smoothing) without its reduction."""
    frames, labels, _ = clips(4)
    labels = np.eye(3, dtype=np.float32)[labels]
    trainer = StreamTrainer(tiny_network())
    trainer.compile(loss=loss)
    logs = trainer.evaluate(
        {"frames": frames}, labels, verbose=0, return_dict=True
    )
    logits = trainer.predict({"frames": frames}, verbose=0)
    assert logs["loss"] == pytest.approx(truth(labels, logits).mean(), rel=1e-5)


def test_input_key_and_bare_tensor():
    network = tiny_network(2)
    frames, labels, _ = clips(3, channels=2)
    keyed = StreamTrainer(network, input_key="flow")
    np.testing.assert_array_equal(
        keyed({"flow": frames, "frames": frames * 7}), network(frames)
    )
    keyed.compile()
    keyed.fit(frames, labels, verbose=0)
    assert keyed.predict(frames, verbose=0).shape == (3, 3)


def test_mixed_precision_keeps_the_loss_in_float32(precision):
    """The step is that of float32 up to the 3 digits of half precision."""
    data = batches(4, weighted=True)

    def make():
        return StreamTrainer(tiny_network(weight_decay=PENALTY))

    logs, values = train_once(one_device(), make, data)
    precision("mixed_float16")
    trainer = make()
    randomize(trainer.network)
    start = trainer.network.get_weights()
    trainer.compile(optimizer=keras.optimizers.SGD(1.0))
    assert trainer.optimizer.dynamic  # It scales the loss.
    dtypes = []
    losses = trainer.clip_losses

    def spy(inputs, labels, logits):
        found = losses(inputs, labels, logits)
        dtypes.extend(
            [logits.dtype, *(loss.dtype for _, loss in found.values())]
        )
        return found

    trainer.clip_losses = spy
    history = trainer.fit(data, verbose=0).history
    assert set(dtypes) == {tf.float32}
    assert history["loss"][0] == pytest.approx(logs["loss"], rel=0.03)
    for before, after, expected in zip(
        start, trainer.network.get_weights(), values, strict=True
    ):
        assert after.dtype == np.float32
        moved = np.linalg.norm(expected - before)
        assert np.linalg.norm(after - expected) < 0.1 * moved
