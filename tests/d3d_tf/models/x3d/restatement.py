"""X3D stated a second time, in float64: every rule as the sum that it is.

From shared/docs/methods.md, section 3.2, without a layer of d3d_tf or Keras,
and with TensorFlow's elementwise operations and matrix products only, so that
a tape can derive it. It equals the goldens of pytorchvideo, see test_parity.py.
"""

import numpy as np
import tensorflow as tf

EPSILON, MOMENTUM = 1e-5, 0.1


class Restatement:
    """One network of given weights.

    Args:
      values: by pytorchvideo's names, in PyTorch's layout.
      training: normalise with the batch.
      swish: or ReLU.

    Attributes:
      variables: float64 tensors, by name.
      endpoints: of the last clip.
      updates: moving averages after it, by name; in training.
    """

    def __init__(self, values, *, training=False, swish=True):
        self.variables = {
            name: tf.constant(value, tf.float64)
            for name, value in values.items()
        }
        self.training = training
        self.swish = swish
        self.endpoints, self.updates = {}, {}

    def windows(self, clip, frames: int, size: int):
        """Logits `[batch, windows, classes]` of windows of a clip so large."""
        net = tf.constant(clip, tf.float64)
        net = self._convolution("blocks.0.conv.conv_t", net, stride=2)
        net = self._convolution("blocks.0.conv.conv_xy", net)
        net = tf.nn.relu(self._norm("blocks.0.norm", net))
        self.endpoints["stem"] = net
        for stage in range(1, 5):
            index = 0
            while (
                f"blocks.{stage}.res_blocks.{index}.branch2.conv_a.weight"
                in (self.variables)
            ):
                path = f"blocks.{stage}.res_blocks.{index}"
                net = self._block(path, net, 1 if index else 2)
                index += 1
            self.endpoints[f"res{stage + 1}"] = net
        net = self._convolution("blocks.5.pool.pre_conv", net)
        net = tf.nn.relu(self._norm("blocks.5.pool.pre_norm", net))
        self.endpoints["conv5"] = net
        side = -(-size // 32)
        pooled = []
        lengths = [
            min(window, length)
            for window, length in zip(
                (frames, side, side), net.shape[1:4], strict=True
            )
        ]
        steps = [
            length - window + 1
            for window, length in zip(lengths, net.shape[1:4], strict=True)
        ]
        for t, y, x in np.ndindex(*steps):
            part = net[:, t : t + lengths[0]]
            part = part[:, :, y : y + lengths[1], x : x + lengths[2]]
            pooled.append(tf.reduce_mean(part, [1, 2, 3]))
        net = tf.stack(pooled, axis=1)
        kernel = self.variables["blocks.5.pool.post_conv.weight"][..., 0, 0, 0]
        net = tf.nn.relu(net @ tf.transpose(kernel))
        self.endpoints["head_pool"] = net
        kernel = self.variables["blocks.5.proj.weight"]
        return net @ tf.transpose(kernel) + self.variables["blocks.5.proj.bias"]

    def _block(self, path, net, stride):
        short = net
        if f"{path}.branch1_conv.weight" in self.variables:
            short = self._convolution(f"{path}.branch1_conv", net, stride)
        if f"{path}.branch1_norm.weight" in self.variables:
            short = self._norm(f"{path}.branch1_norm", short)
        path += ".branch2"
        net = self._convolution(f"{path}.conv_a", net)
        net = tf.nn.relu(self._norm(f"{path}.norm_a", net))
        net = self._convolution(f"{path}.conv_b", net, stride)
        net = self._norm(f"{path}.norm_b.0", net)
        if f"{path}.norm_b.1.block.0.weight" in self.variables:
            gates = tf.reduce_mean(net, [1, 2, 3], keepdims=True)
            gates = self._convolution(f"{path}.norm_b.1.block.0", gates)
            gates = self._convolution(
                f"{path}.norm_b.1.block.2", tf.nn.relu(gates)
            )
            net *= 1 / (1 + tf.exp(-gates))
        net = net / (1 + tf.exp(-net)) if self.swish else tf.nn.relu(net)
        net = self._convolution(f"{path}.conv_c", net)
        return tf.nn.relu(short + self._norm(f"{path}.norm_c", net))

    def _convolution(self, path, net, stride=1):
        kernel = self.variables[f"{path}.weight"]
        outputs, inputs, *taps = kernel.shape
        halves = [n // 2 for n in taps]
        padded = tf.pad(net, [[0, 0], *([n, n] for n in halves), [0, 0]])
        time, rows, columns = net.shape[1:4]
        rows, columns = -(-rows // stride), -(-columns // stride)
        total = 0
        for t, y, x in np.ndindex(*taps):
            seen = padded[
                :,
                t : t + time,
                y : y + (rows - 1) * stride + 1 : stride,
                x : x + (columns - 1) * stride + 1 : stride,
            ]
            tap = kernel[:, :, t, y, x]
            if inputs == 1 and outputs == net.shape[-1] > 1:
                total += seen * tap[:, 0]
            else:
                total += tf.tensordot(seen, tf.transpose(tap), 1)
        if f"{path}.bias" in self.variables:
            total += self.variables[f"{path}.bias"]
        return total

    def _norm(self, path, net):
        mean = self.variables[f"{path}.running_mean"]
        variance = self.variables[f"{path}.running_var"]
        if self.training:
            batch = tf.reduce_mean(net, [0, 1, 2, 3])
            spread = tf.reduce_mean((net - batch) ** 2, [0, 1, 2, 3])
            count = np.prod(net.shape[:4])
            self.updates[f"{path}.running_mean"] = mean + MOMENTUM * (
                batch - mean
            )
            # PyTorch: the unbiased variance, though the biased normalises.
            self.updates[f"{path}.running_var"] = variance + MOMENTUM * (
                spread * count / (count - 1) - variance
            )
            mean, variance = batch, spread
        net = (net - mean) / tf.sqrt(variance + EPSILON)
        weight, bias = (
            self.variables[f"{path}.{name}"] for name in ("weight", "bias")
        )
        return net * weight + bias
