"""Labels and flow; flow that moves 3 right and 4 down is 5 long."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.heads.flow_decoder import FlowDecoder
from d3d_tf.keras_api import keras
from d3d_tf.models import make_network
from d3d_tf.training.flow_loss import FlowLossTrainer
from tests.harness.step import check_resume, check_step
from tests.harness.tiny import INCEPTION

FRAMES = np.random.default_rng(0).uniform(-1, 1, [4, 5, 16, 16, 3])
FLOW = np.broadcast_to([3 / 20, 4 / 20], [4, 5, 16, 16, 2])


def trainer(weight=2.0):
    keras.utils.set_random_seed(0)  # Of the decoder, which is not randomized.
    network = make_network(INCEPTION.recipe, 3, "frames")
    for part in network.submodules:
        if hasattr(part, "synchronized"):
            part.synchronized = True
    return FlowLossTrainer(
        network,
        endpoint="Conv2d_2b_1x1",
        weight=weight,
        decoder=FlowDecoder(context=False),
    )


def batches(flow=FLOW, size=4):
    inputs = {"frames": np.float32(FRAMES), "flow": np.float32(flow)}
    labels = np.array([0, 1, 2, 0])
    return tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(size)


def test_the_loss_is_that_of_labels_and_twice_that_of_flow():
    made = trainer()
    for variable in made.decoder.variables:
        variable.assign(tf.zeros_like(variable))
    made.compile(keras.optimizers.SGD(0.0))
    logs = made.evaluate(batches(), return_dict=True, verbose=0)
    # (0 - 5)^2 + 5 (0.8^2 + 0.6^2)
    assert logs["flow_loss"] == pytest.approx(30)
    assert logs["epe"] == pytest.approx(5)
    penalty = sum(float(loss) for loss in made.losses)
    assert logs["loss"] == pytest.approx(
        logs["classification_loss"] + 2 * 30 + penalty, rel=1e-5
    )


def test_features_learn_from_flow_and_the_decoder_does():
    made = trainer()
    made.compile()
    inputs, labels = next(iter(batches()))
    with tf.GradientTape() as tape:
        inputs, logits = made.forward(inputs, training=True)
        _, flow = made.clip_losses(inputs, labels, logits)["flow_loss"]
    first = made.network.trunk.layers_up_to("Conv2d_1a_7x7")[0]
    head = made.network.head.trainable_variables
    gradients = tape.gradient(
        flow, [*first.trainable_variables, *made.decoder.variables, *head]
    )
    assert all(g is not None for g in gradients[: -len(head)])
    assert all(g is None for g in gradients[-len(head) :])
    assert {v.ref() for v in made.decoder.variables} <= {
        v.ref() for v in made.trainable_variables
    }


@pytest.mark.large
def test_a_step_does_not_depend_on_the_replicas(replicas):
    flow = FLOW * np.arange(1, 5).reshape(-1, 1, 1, 1, 1) / 8
    check_step(lambda: trainer(0.1), batches(flow), replicas)


@pytest.mark.large
def test_a_checkpoint_holds_the_decoder(tmp_path):
    check_resume(trainer, batches(size=2), tmp_path / "ckpt")
