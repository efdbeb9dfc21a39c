"""Tiny networks with known weights."""

import math

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.dropout import Dropout
from d3d_tf.models.inception.networks import S3DG


def tiny_network(
    channels: int = 3,
    num_classes: int = 3,
    *,
    width: int = 4,
    batch_norm: bool = True,
    synchronized: bool = False,
    momentum: float = 0.9,
    dropout: float = 0.0,
    weight_decay: float = 0.0,
    name: str | None = None,
):
    """A stand-in for a video network that is traced in a moment.

    3-D convolution, batch normalisation, ReLU, mean, dropout, dense: any clip
    `[batch, time, height, width, channels]` to logits.
    """
    l2 = keras.regularizers.L2(weight_decay) if weight_decay else None
    clip = keras.Input([None, None, None, channels])
    net = keras.layers.Conv3D(
        width, 3, padding="same", use_bias=False, kernel_regularizer=l2
    )(clip)
    if batch_norm:
        net = BatchNorm(momentum=momentum, synchronized=synchronized)(net)
    net = keras.layers.ReLU()(net)
    net = keras.layers.GlobalAveragePooling3D()(net)
    net = Dropout(dropout)(net)
    net = keras.layers.Dense(
        num_classes, kernel_regularizer=l2, dtype="float32"
    )(net)
    return keras.Model(clip, net, name=name)


def shallow_network(
    num_classes: int = 3,
    channels: int = 3,
    final_endpoint: str = "Conv2d_2c_3x3",
) -> S3DG:
    """The first layers of S3D-G, two channels wide."""
    network = S3DG(
        num_classes,
        depth_multiplier=1 / 64,
        min_depth=2,
        final_endpoint=final_endpoint,
        name="S3DG",
    )
    network(tf.zeros([1, 2, 8, 8, channels]))
    return network


def randomize(model, seed: int = 0) -> None:
    """Gives a model's variables values, the same wherever they live."""
    rng = np.random.default_rng(seed)
    values = []
    for value in model.get_weights():
        fan_in = math.prod(value.shape[:-1])
        values.append(
            rng.uniform(0.5, 1.5, value.shape)
            if value.ndim == 1
            else rng.normal(0, fan_in**-0.5, value.shape)
        )
    model.set_weights(values)


def enlarge_rounding(network, size: float = 1000.0) -> None:
    """Makes a randomized S3D-G or I3D enlarge rounding `size` times, in place.

    Conv2d_1a puts `size` on top of what it says, and the moving mean of
    Conv2d_2b takes it away again: there, the last bit of a number of that size
    is left of what was the last bit of 1.
    """
    first, _, second = network.trunk.units[:3]
    beta, mean = first.batch_norm.beta, second.batch_norm.moving_mean
    beta.assign(beta + size)
    kernel = second.conv.kernel.numpy().astype(np.float64)
    mean.assign(mean + size * kernel.sum(axis=(0, 1, 2, 3)))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities in float64."""
    exponents = np.exp(np.float64(logits))
    return exponents / exponents.sum(axis=-1, keepdims=True)
