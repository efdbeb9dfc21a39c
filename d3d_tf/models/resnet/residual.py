"""Residual blocks, with batch normalisation or DNR, and stages of them."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.dnr.relays import CrossLayer, CrossTemporal
from d3d_tf.models.dnr.stage import RelayStage
from d3d_tf.models.resnet.blocks import batch_norm, convolution
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.shift import temporal_shift


class ResidualBlock(keras.layers.Layer):
    """relu(shortcut(x) + convolutions(x)), each convolution with its norm.

    A bottleneck is a 1x1, a 3x3 and a 1x1 convolution, a basic block two 3x3.
    With DNR the norm after the first is `CrossLayer` and that after the second
    `CrossTemporal`: so the released code has it in bottlenecks; of basic blocks
    it is a reading. The first convolution sees shifted channels if
    `recipe.shift` says so, the shortcut never.

    `block(clips, state, cell)` returns clips and the state for the next block;
    without DNR there is neither cell nor state.

    Args:
      planes: inner channels.
      recipe: of the network.
      stride: in space.
      shortcut: whether it is a 1x1 convolution with a norm, not the identity.
      shifts: as `recipe.shift` says; else never.
    """

    is_repeatable = True

    def __init__(
        self,
        planes: int,
        recipe: ResNetRecipe,
        *,
        stride: int = 1,
        shortcut: bool = False,
        shifts: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._shift = recipe.shift if shifts else "none"
        self._shift_div = recipe.shift_div
        self._bottleneck = recipe.layout.bottleneck
        # Of the 3x3 convolution.
        second = 1 if recipe.style == "caffe" else stride
        if self._bottleneck:
            first = stride // second
            self.conv1 = convolution(planes, 1, recipe, "conv1", first)
            self.conv2 = convolution(planes, 3, recipe, "conv2", second)
        else:
            self.conv1 = convolution(planes, 3, recipe, "conv1", stride)
            self.conv2 = convolution(planes, 3, recipe, "conv2")
        if recipe.is_dynamic:
            norms = [batch_norm(recipe, "norm", affine=False) for _ in "12"]
            self.bn1 = CrossLayer(recipe, norms[0], name="bn1")
            self.bn2 = CrossTemporal(planes, recipe, norms[1], name="bn2")
        else:
            self.bn1 = batch_norm(recipe, "bn1")
            self.bn2 = batch_norm(recipe, "bn2")
        channels = planes * recipe.layout.expansion
        if self._bottleneck:
            self.conv3 = convolution(channels, 1, recipe, "conv3")
            self.bn3 = batch_norm(recipe, "bn3")
        self.downsample = None
        if shortcut:
            self.downsample = convolution(
                channels, 1, recipe, "downsample", stride
            )
            self.downsample_bn = batch_norm(recipe, "downsample_bn")

    def call(self, inputs, state=(), cell=None, training=None):
        short = inputs
        if self.downsample is not None:
            short = self.downsample(inputs)
            short = self.downsample_bn(short, training=training)
        net = self._shifted(inputs, "before_conv1")
        net = self.conv1(net)
        net = self._shifted(net, "after_conv1")
        if cell is None:
            net = self.bn1(net, training=training)
        else:
            net, state = self.bn1(net, state, cell, training=training)
        net = tf.nn.relu(net)
        net = self.conv2(net)
        net = self.bn2(net, training=training)
        if self._bottleneck:
            net = self.conv3(tf.nn.relu(net))
            net = self.bn3(net, training=training)
        return tf.nn.relu(net + short), state

    def _shifted(self, clip, place: str):
        if self._shift != place:
            return clip
        return temporal_shift(clip, self._shift_div)


class ResidualStage(RelayStage):
    """Blocks of a depth.

    Args:
      planes: inner channels.
      blocks: how many.
      recipe: of the network.
      stride: of the first, in space.
    """

    def __init__(
        self,
        planes: int,
        blocks: int,
        recipe: ResNetRecipe,
        stride: int,
        **kwargs,
    ):
        super().__init__(planes, recipe, **kwargs)
        layout = recipe.layout
        widens = stride > 1 or layout.bottleneck
        every = layout.shift_every if layout.shifted else 1
        self.blocks = [
            ResidualBlock(
                planes,
                recipe,
                stride=1 if i else stride,
                shortcut=widens and i == 0,
                shifts=i % every == 0,
                name=f"block{i}",
            )
            for i in range(blocks)
        ]
