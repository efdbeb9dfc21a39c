"""Graphs that are made ready with fewer passes."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.models import make_network
from d3d_tf.training.graph_passes import without_idle_passes
from tests.harness.tiny import CASES


def options():
    return tf.config.optimizer.get_experimental_options()


@pytest.mark.parametrize("chosen", [True, False])
def test_the_passes_are_as_before_also_after_an_error(chosen):
    # Twice: a run trains three networks.
    for _ in range(2):
        tf.config.optimizer.set_experimental_options(
            {"layout_optimizer": chosen}
        )
        with pytest.raises(ValueError), without_idle_passes():
            assert options()["layout_optimizer"] is False
            assert options()["loop_optimization"] is False
            raise ValueError
        assert options()["layout_optimizer"] is chosen
        assert options()["loop_optimization"] is True


def trained(recipe, around):
    """Values of a network's variables after three steps."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    clips = rng.uniform(-1, 1, [4, 3, 17, 20, 3]).astype(np.float32)
    trainer = StreamTrainer(
        make_network(recipe, 2, "frames"), input_key="frames"
    )
    trainer.compile(keras.optimizers.SGD(0.1))
    with around():
        trainer.fit({"frames": clips}, np.array([0, 1, 1, 0]), 4, 3, verbose=0)
    return trainer.network.get_weights()


@pytest.mark.parametrize("family", CASES)
def test_no_number_changes(family):
    recipe = CASES[family].recipe
    expected = trained(recipe, contextlib.nullcontext)
    for got, want in zip(
        trained(recipe, without_idle_passes), expected, strict=True
    ):
        np.testing.assert_array_equal(got, want)
