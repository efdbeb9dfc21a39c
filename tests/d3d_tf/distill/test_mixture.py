"""Training a mixture: its numbers are in vlad_mixture/test_parity.py."""

import functools

import numpy as np
import pytest

from d3d_tf.distill.mixture import MixtureTrainer
from d3d_tf.keras_api import keras
from d3d_tf.tasks.multilabel.cross_entropy import SummedCrossEntropy
from tests.harness.step import CLOSE, check_resume, one_device, same_weights
from tests.harness.tiny import VLAD_MIXTURE

LABELS = np.float32([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]])


class Summed(MixtureTrainer):
    """With its own loss, whatever `compile` is given."""

    def compile(self, optimizer="sgd", **options):
        options.pop("metrics", None)
        super().compile(optimizer, loss=SummedCrossEntropy(), **options)


def trainer(**options):
    network = VLAD_MIXTURE.network(**options)
    return Summed(network, input_key="features")


def data(batch: int):
    import tensorflow as tf

    frames = np.int32([5, 3, 4, 1])
    inputs = {"features": (VLAD_MIXTURE.clips(4), frames)}
    return tf.data.Dataset.from_tensor_slices((inputs, LABELS)).batch(batch)


@pytest.mark.large
def test_one_and_two_replicas(replicas):
    after, logs = [], []
    for strategy in one_device(), replicas:
        with strategy.scope():
            made = trainer(synchronized_batch_norm=True)
            made.compile(keras.optimizers.SGD(0.1))
        logs.append(made.fit(data(4), verbose=0).history)
        after.append(made.network.get_weights())
    assert logs[1] == {k: pytest.approx(v, 1e-5) for k, v in logs[0].items()}
    same_weights(after[1], after[0], **CLOSE)


@pytest.mark.large
def test_resumed(tmp_path):
    make = functools.partial(trainer, dropout=0.5)
    check_resume(make, data(2), tmp_path / "state")


def test_the_total_is_weighted():
    """The mixture's loss, the branches', and nine times how they differ."""
    made = trainer()
    made.compile()
    logs = made.evaluate(data(4), verbose=0, return_dict=True)
    decay = float(sum(made.network.losses))
    assert logs["loss"] == pytest.approx(
        logs["classification_loss"]
        + logs["branch_losses"]
        + 9 * logs["distillation_loss"]
        + decay,
        rel=1e-5,
    )
    assert made.get_config()["temperature"] == 3.0
