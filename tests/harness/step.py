"""A step of training: by hand, on two replicas, stopped and resumed."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import draws_by_step
from tests.harness.networks import randomize

# float32 numbers of size 1 out of sums of some hundred terms: rounding is
# near 1e-6; the smallest wrong factor, 4/5, would show as 1e-2.
CLOSE = {"rtol": 1e-5, "atol": 3e-6}


def one_device():
    """The strategy of no strategy: one replica."""
    return tf.distribute.get_strategy()


def unit_sgd():
    """Plain SGD of rate 1: a weight moves by exactly its gradient."""
    return keras.optimizers.SGD(1.0)


def train_once(strategy, make_trainer, data, optimizer=unit_sgd):
    """One `fit` over `data`.

    Args:
      strategy: the trainer is made in its scope.
      make_trainer: returns a `StreamTrainer`.
      data: batches; one of them makes one step.
      optimizer: makes one.

    Returns:
      The logs, and the values of the network's variables, which start from
      `randomize`.
    """
    with strategy.scope():
        trainer = make_trainer()
        randomize(trainer.network)
        trainer.compile(
            optimizer=optimizer(),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="top1")],
        )
    history = trainer.fit(data, verbose=0).history
    logs = {name: values[-1] for name, values in history.items()}
    return logs, trainer.network.get_weights()


def check_step(
    make_trainer,
    data,
    replicas,
    *,
    logs=None,
    weights=None,
    optimizer=unit_sgd,
):
    """A step is the same under 1 and 2 replicas, and as worked out by hand.

    Batch normalisation must be synchronized: without, the rule is another one
    (`BatchNorm`), and one device does not compute the same.

    Args:
      make_trainer: returns a `StreamTrainer`, or one that is derived from it.
      data: one batch.
      replicas: a strategy of two.
      logs: loss, terms and metrics by hand; None: only compared.
      weights: all variables of the network after the step, by hand, from those
        that `randomize` gives; None: only compared.
      optimizer: makes one.
    """
    expected, values = train_once(one_device(), make_trainer, data, optimizer)
    split = train_once(replicas, make_trainer, data, optimizer)
    for found, after in ((expected, values), split):
        truth = expected if logs is None else logs
        assert found == pytest.approx(truth, rel=1e-5)
        same_weights(after, values if weights is None else weights, **CLOSE)


def check_resume(make_trainer, data, path, optimizer=None):
    """Stopped after half of the batches and resumed, a training ends in the
    bits of one that was never stopped; dropout and Adam's state included.

    Args:
      make_trainer: as above.
      data: an even number of batches.
      path: of a checkpoint that may be written.
      optimizer: makes one; None: Adam.
    """
    half = int(data.cardinality()) // 2
    whole, stopped, resumed = (
        _Trained(make_trainer, seed, optimizer) for seed in (0, 0, 1)
    )
    whole.fit(data)
    stopped.fit(data.take(half))
    saved = stopped.state.write(str(path))
    resumed.state.read(saved).assert_consumed()
    resumed.fit(data.skip(half))
    for one, other in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=one.name)


class _Trained:
    """A trainer, and what a checkpoint holds of it."""

    def __init__(self, make_trainer, seed: int, optimizer=None):
        self.trainer = make_trainer()
        randomize(self.trainer.network, seed)
        self.trainer.compile(
            optimizer() if optimizer else keras.optimizers.Adam(0.01)
        )
        self.optimizer = self.trainer.optimizer
        self.optimizer.build(self.trainer.trainable_variables)
        self.state = tf.train.Checkpoint(
            network=self.trainer.network,
            optimizer=self.optimizer,
            **self.trainer.beside(),
        )

    @property
    def variables(self) -> list:
        beside = [
            variable
            for part in self.trainer.beside().values()
            for variable in part.variables
        ]
        return [
            *self.trainer.network.variables,
            *self.optimizer.variables,
            *beside,
        ]

    def fit(self, data) -> None:
        step = self.optimizer.iterations
        with draws_by_step(self.trainer.network, 0, step):
            self.trainer.fit(data, verbose=0)


def same_weights(found, expected, **tolerance):
    """Asserts that two lists of arrays agree."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, **tolerance)
