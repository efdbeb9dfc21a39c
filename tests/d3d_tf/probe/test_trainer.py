"""A step of a probe; flow that moves 3 right and 4 down is 5 long."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models import make_network
from d3d_tf.probe.network import FlowProbe
from d3d_tf.probe.trainer import ProbeTrainer
from tests.harness.step import check_step
from tests.harness.tiny import INCEPTION

FRAMES = np.random.default_rng(0).uniform(-1, 1, [4, 5, 16, 16, 3])
FLOW = np.broadcast_to([3 / 20, 4 / 20], [4, 5, 16, 16, 2])


def trainer(finetuned=False, stream="frames"):
    network = make_network(INCEPTION.recipe, 3, stream)
    probe = FlowProbe(
        network, "Conv2d_2b_1x1", finetuned=finetuned, context=False
    )
    probe(tf.zeros([1, 2, 32, 32, network.trunk.channels]))
    return ProbeTrainer(probe, input_key=stream)


def batch(flow=FLOW):
    inputs = {"frames": np.float32(FRAMES), "flow": np.float32(flow)}
    labels = np.zeros(4, np.int64)
    return tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(4)


@pytest.mark.parametrize("stream", ["frames", "flow"])
def test_loss_and_error_of_a_decoder_that_answers_zero(stream):
    made = trainer(stream=stream)
    for variable in made.network.decoder.variables:
        variable.assign(tf.zeros_like(variable))
    made.compile(keras.optimizers.SGD(0.0))
    # (0 - 5)^2 + 5 (0.8^2 + 0.6^2); the vector is 5 off.
    logs = made.evaluate(batch(), return_dict=True, verbose=0)
    assert logs["flow_loss"] == pytest.approx(30)
    assert logs["epe"] == pytest.approx(5)


def test_the_error_is_not_trained_on():
    made = trainer()
    made.compile(keras.optimizers.SGD(0.0))
    logs = made.evaluate(batch(), return_dict=True, verbose=0)
    assert logs["loss"] == pytest.approx(logs["flow_loss"], rel=1e-5)
    assert logs["epe"] > 1


@pytest.mark.large
@pytest.mark.parametrize("finetuned", [False, True])
def test_a_step_does_not_depend_on_the_replicas(replicas, finetuned):
    # Parts of the batch differ, in flow and in frames.
    flow = FLOW * np.arange(1, 5).reshape(-1, 1, 1, 1, 1) / 8

    def make():
        made = trainer(finetuned=finetuned)
        for layer in made.network.before:
            for part in layer.submodules:
                if hasattr(part, "synchronized"):
                    part.synchronized = True
        return made

    check_step(make, batch(flow), replicas)
