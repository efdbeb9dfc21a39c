"""Training a mixture: its numbers are in vlad_mixture/test_parity.py."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.mixture import MixtureTrainer
from d3d_tf.keras_api import keras
from d3d_tf.tasks.multilabel.cross_entropy import SummedCrossEntropy
from tests.harness.step import CLOSE, one_device, same_weights
from tests.harness.tiny import VLAD_MIXTURE

LABELS = np.float32([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]])


def data():
    """One batch, of videos of several lengths."""
    frames = np.int32([5, 3, 4, 1])
    inputs = {"features": (VLAD_MIXTURE.clips(4), frames)}
    return tf.data.Dataset.from_tensor_slices((inputs, LABELS)).batch(4)


@pytest.mark.large
def test_one_and_two_replicas(replicas):
    after, logs = [], []
    for strategy in one_device(), replicas:
        with strategy.scope():
            network = VLAD_MIXTURE.network(synchronized_batch_norm=True)
            made = MixtureTrainer(network, input_key="features")
            made.compile(keras.optimizers.SGD(0.1), SummedCrossEntropy())
        logs.append(made.fit(data(), verbose=0).history)
        after.append(made.network.get_weights())
    assert logs[1] == {k: pytest.approx(v, 1e-5) for k, v in logs[0].items()}
    same_weights(after[1], after[0], **CLOSE)


def test_the_parts_of_the_loss():
    """Of two branches in two classes: odds 3 : 1 and 1 : 1, the mixture like
    the second; the video has none of them.
    """
    trainer = MixtureTrainer(None, input_key="features", temperature=1.0)
    trainer.compile(loss=SummedCrossEntropy(epsilon=0.0))
    branches = tf.constant([[[np.log(3.0), 0.0], [0.0, 0.0]]], tf.float32)
    losses = trainer.clip_losses(branches, LABELS[1:2, :2], branches[:, 1])
    weights, values = zip(*losses.values(), strict=True)
    assert [*losses] == [*MixtureTrainer.loss_names]
    assert weights == (1.0, 1.0, 9.0)
    half = np.log(2)
    expected = [
        2 * half,
        # Of the first log 4 and log 2, of the second log 2 twice.
        np.log(4) + 3 * half,
        # (1/2, 1/2) of (3/4, 1/4), and of itself.
        0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25),
    ]
    np.testing.assert_allclose(np.ravel(values), expected, rtol=1e-5)
