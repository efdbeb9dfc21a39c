"""TSN, TSM and DNR stated a second time, in float64.

From shared/goldens/dnr/README.md, sections 2 to 4, without a layer of d3d_tf or
Keras, and frame by frame. It equals the goldens, see test_restatement.py.
"""

import math

import numpy as np
import tensorflow as tf

from d3d_tf.models.resnet.config import ResNetRecipe

EPSILON, MOMENTUM = 1e-5, 0.1


class Restatement:
    """One network of given weights.

    Args:
      values: by the originals' names, in Keras' layout.
      recipe: what the network is.
      training: normalise with the batch.

    Attributes:
      variables: float64 tensors, by name; running averages move in training.
      endpoints: of the last clip.
    """

    def __init__(self, values, recipe: ResNetRecipe, *, training=False):
        self.variables = {
            name: tf.constant(value, tf.float64)
            for name, value in values.items()
        }
        self.recipe, self.training = recipe, training
        self.endpoints: dict = {}

    def logits(self, clip):
        net = self.conv("conv1", tf.constant(clip, tf.float64), 2)
        net = self.endpoints["stem"] = tf.nn.relu(self.norm("bn1", net))
        windows = tf.pad(net, [[0, 0], [0, 0], [1, 1], [1, 1], [0, 0]])
        height, width = net.shape[2:4]
        net = self.endpoints["maxpool"] = tf.reduce_max(
            [
                windows[:, :, y : y + height : 2, x : x + width : 2]
                for y in range(3)
                for x in range(3)
            ],
            axis=0,
        )
        for stage in range(1, 5):
            path = f"layer{stage}"
            net = self.stage(path, net, 1 if stage == 1 else 2)
            self.endpoints[path] = net
        kernel, bias = (
            self.variables[f"fc_cls.{leaf}"] for leaf in ("weight", "bias")
        )
        return tf.reduce_mean(net, [1, 2, 3]) @ kernel + bias

    def stage(self, path, net, stride):
        state = index = 0
        while f"{path}.{index}.conv1.weight" in self.variables:
            here = f"{path}.{index}"
            net, state = self.block(
                here, net, 1 if index else stride, f"{path}.lstm", state
            )
            index += 1
        return net

    def block(self, path, net, stride, cell, state):
        dynamic = self.recipe.normaliser == "dnr"
        bottleneck = f"{path}.conv3.weight" in self.variables
        short = net
        if f"{path}.downsample.0.weight" in self.variables:
            short = self.conv(f"{path}.downsample.0", net, stride)
            short = self.norm(f"{path}.downsample.1", short)
        tsm = self.recipe.model.startswith("tsm")
        if tsm or self.recipe.interlace == "before_conv1":
            net = self.shifted(net)
        net = self.conv(f"{path}.conv1", net, 1 if bottleneck else stride)
        if self.recipe.interlace == "after_conv1":
            net = self.shifted(net)
        if dynamic:
            state = self.step(cell, tf.reduce_mean(net, [1, 2, 3]), state)
            net = scaled(self.standard(f"{path}.bn1", net), state)
        else:
            net = self.norm(f"{path}.bn1", net)
        net = tf.nn.relu(net)
        net = self.conv(f"{path}.conv2", net, stride if bottleneck else 1)
        norm = self.cross_temporal if dynamic else self.norm
        net = norm(f"{path}.bn2", net)
        if bottleneck:
            net = self.conv(f"{path}.conv3", tf.nn.relu(net), 1)
            net = self.norm(f"{path}.bn3", net)
        return tf.nn.relu(net + short), state

    def cross_temporal(self, path, net):
        size = self.recipe.frames_per_group
        parts = [net[:, i : i + size] for i in range(0, net.shape[1], size)]
        means = [tf.reduce_mean(part, [1, 2, 3]) for part in parts]

        def states(means):
            found, state = [], 0
            for mean in means:
                state = self.step(f"{path}.lstm", mean, state)
                found.append(state)
            return tf.stack(found)

        relayed = states(means)
        if self.recipe.bidirectional:
            relayed = (relayed + states(means[::-1])[::-1]) / 2
        parts = [
            scaled(self.standard(path, part), state)
            for part, state in zip(parts, tf.unstack(relayed), strict=True)
        ]
        return tf.concat(parts, axis=1)

    def step(self, path, x, state):
        """[h, c] after a step; 0 is the state before the first."""
        h, c = (0 * x, 0 * x) if isinstance(state, int) else tf.unstack(state)

        def gates(part, x):
            for layer in 0, 2:
                name = f"{path}.{part}.0.seq.{layer}"
                weight = self.variables[f"{name}.weight"]
                x = x @ weight + self.variables[f"{name}.bias"]
                x = tf.nn.relu(x) if layer == 0 else x
            return x

        i, f, g, o = tf.split(gates("w_ih", x) + gates("w_hh", h), 4, axis=-1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.stack([tf.sigmoid(o) * tf.sigmoid(c), c])

    def shifted(self, net):
        number = net.shape[-1] // self.recipe.shift_div
        empty = 0 * net[:, :1]
        later = tf.concat([net[:, 1:], empty], axis=1)
        before = tf.concat([empty, net[:, :-1]], axis=1)
        parts = [number, number, net.shape[-1] - 2 * number]
        return tf.concat(
            [
                tf.split(which, parts, axis=-1)[i]
                for i, which in enumerate((later, before, net))
            ],
            axis=-1,
        )

    def conv(self, path, net, stride):
        kernel = self.variables[f"{path}.weight"]
        border = [kernel.shape[0] // 2] * 2
        frames = tf.reshape(net, [-1, *net.shape[2:]])
        frames = tf.pad(frames, [[0, 0], border, border, [0, 0]])
        found = tf.nn.conv2d(frames, kernel, stride, "VALID")
        return tf.reshape(found, [*net.shape[:2], *found.shape[1:]])

    def norm(self, path, net):
        net = self.batch_standard(path, net)
        weight, bias = (
            self.variables[f"{path}.{leaf}"] for leaf in ("weight", "bias")
        )
        return net * weight + bias

    def standard(self, path, net):
        if self.recipe.statistics == "batch":
            return self.batch_standard(path, net)
        channels = net.shape[-1]
        number = math.gcd(32, channels)
        if self.recipe.statistics == "instance":
            number = channels
        rows = tf.reshape(net, [*net.shape[:-1], number, channels // number])
        mean, variance = tf.nn.moments(rows, [1, 2, 3, 5], keepdims=True)
        rows = (rows - mean) / tf.sqrt(variance + EPSILON)
        return tf.reshape(rows, net.shape)

    def batch_standard(self, path, net):
        names = [f"{path}.running_{leaf}" for leaf in ("mean", "var")]
        if not self.training:
            mean, variance = (self.variables[name] for name in names)
            return (net - mean) / tf.sqrt(variance + EPSILON)
        mean, variance = tf.nn.moments(net, [0, 1, 2, 3])
        number = np.prod(net.shape[:4])
        unbiased = variance * number / (number - 1)
        for name, moment in zip(names, (mean, unbiased), strict=True):
            old = self.variables[name]
            self.variables[name] = old + MOMENTUM * (moment - old)
        return (net - mean) / tf.sqrt(variance + EPSILON)


def scaled(net, state):
    h, c = tf.unstack(state)
    return net * h[:, None, None, None] + c[:, None, None, None]
