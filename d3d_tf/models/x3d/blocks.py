"""The building blocks of X3D: stem, residual block, stage.

Names of layers follow SlowFast, in which X3D was released.
"""

import math

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.convolution import Conv3D
from d3d_tf.layers.depthwise import DepthwiseConv3D
from d3d_tf.layers.drop_connect import DropConnect
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.models.dnr.relays import CrossLayer, CrossTemporal
from d3d_tf.models.dnr.stage import RelayStage
from d3d_tf.models.inception.blocks import mean_over_clip
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import Stage, round_width

Triple = tuple[int, int, int]


def convolution(
    filters: int,
    kernel: Triple,
    recipe: X3DRecipe,
    name: str,
    *,
    stride: int = 1,
    use_bias: bool = False,
    **options,
) -> Conv3D:
    """With SlowFast's start; all its weights decay, biases too.

    Zeros are around the frames as PyTorch has them.
    """
    decay = WeightDecay(recipe.weight_decay)
    return Conv3D(
        filters,
        kernel,
        strides=(1, stride, stride),
        padding="valid" if kernel[1] > 1 else "same",
        border=kernel[1] // 2,
        use_bias=use_bias,
        kernel_initializer=fan_out_normal(filters, kernel),
        kernel_regularizer=decay,
        bias_regularizer=decay if use_bias else None,
        name=name,
        **options,
    )


def depthwise(
    channels: int, kernel: Triple, recipe: X3DRecipe, name: str, stride: int = 1
) -> DepthwiseConv3D:
    """As `convolution`; it pads by itself."""
    return DepthwiseConv3D(
        kernel,
        stride,
        kernel_initializer=fan_out_normal(channels, kernel),
        kernel_regularizer=WeightDecay(recipe.weight_decay),
        name=name,
    )


def fan_out_normal(filters: int, kernel: Triple):
    """Caffe2's MSRA fill: a normal of variance 2 / (outputs * taps).

    Keras' own would count the outputs of a depthwise kernel otherwise.
    """
    variance = 2 / (filters * math.prod(kernel))
    return keras.initializers.RandomNormal(stddev=variance**0.5)


def batch_norm(
    recipe: X3DRecipe, name: str, *, zero: bool = False, affine: bool = True
):
    """PyTorch's; `zero`: its scale starts at zero; not `affine`: it has none,
    nor a shift.
    """
    return BatchNorm(
        momentum=recipe.batch_norm_momentum,
        epsilon=recipe.batch_norm_epsilon,
        synchronized=recipe.synchronized_batch_norm,
        clips=recipe.batch_norm_clips,
        scale=affine,
        shift=affine,
        unbiased=True,
        gamma_initializer="zeros" if zero else "ones",
        name=name,
    )


class Stem(keras.layers.Layer):
    """1x3x3 convolution, 5x1x1 of each channel, batch normalisation, ReLU.

    Input `[batch, time, height, width, C]`; height and width are halved. There
    is nothing between the two convolutions.
    """

    def __init__(self, filters: int, recipe: X3DRecipe, **kwargs):
        super().__init__(**kwargs)
        self.conv_xy = convolution(
            filters, (1, 3, 3), recipe, "conv_xy", stride=2
        )
        self.conv = depthwise(filters, (5, 1, 1), recipe, "conv")
        self.bn = batch_norm(recipe, "bn")

    def call(self, inputs, training=None):
        net = self.conv(self.conv_xy(inputs))
        return tf.nn.relu(self.bn(net, training=training))


class PointUnit(keras.layers.Layer):
    """1x1x1 convolution, batch normalisation, ReLU: conv_5 of X3D's head."""

    def __init__(self, filters: int, recipe: X3DRecipe, **kwargs):
        super().__init__(**kwargs)
        self.conv = convolution(filters, (1, 1, 1), recipe, "conv")
        self.bn = batch_norm(recipe, "bn")

    def call(self, inputs, training=None):
        return tf.nn.relu(self.bn(self.conv(inputs), training=training))


class SqueezeExcite(keras.layers.Layer):
    """x * sigmoid(W2 relu(W1 mean(x) + b1) + b2), one vector per clip.

    A sixteenth of the channels in between (Hu et al., CVPR 2018).
    """

    def __init__(self, channels: int, recipe: X3DRecipe, **kwargs):
        super().__init__(**kwargs)
        point = (1, 1, 1)
        self.fc1 = convolution(
            round_width(channels, 1 / 16),
            point,
            recipe,
            "fc1",
            use_bias=True,
            activation="relu",
        )
        self.fc2 = convolution(
            channels, point, recipe, "fc2", use_bias=True, activation="sigmoid"
        )

    def call(self, inputs):
        pooled = tf.cast(mean_over_clip(inputs), inputs.dtype)
        return inputs * self.fc2(self.fc1(pooled))


class ResidualBlock(keras.layers.Layer):
    """relu(shortcut(x) + c(swish(b(relu(a(x)))))), each with its norm.

    a and c are 1x1x1 convolutions, b a 3x3x3 of each channel. Without
    `recipe.channelwise` a is 3x1x1 and b a dense 1x3x3, an ordinary bottleneck.
    DNR's norms come after a (`CrossLayer`) and b (`CrossTemporal`), where it
    has them in bottlenecks: ours.

    `block(clips, state, cell)` is as `RelayStage` wants it.

    Args:
      stage: of the block.
      recipe: of the network.
      stride: of b, in space; above 1 the shortcut is a convolution.
      norm: whether such a shortcut is normalised.
      squeeze_excite: whether b is.
      drop: share of the clips that c is left out of in training.
      index: of the block in the network.
    """

    def __init__(
        self,
        stage: Stage,
        recipe: X3DRecipe,
        *,
        stride: int = 1,
        norm: bool = True,
        squeeze_excite: bool = False,
        drop: float = 0.0,
        index: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        point = (1, 1, 1)
        self._swish, self._channelwise = recipe.swish, recipe.channelwise
        self.branch1 = self.branch1_bn = None
        if stride > 1:
            self.branch1 = convolution(
                stage.channels, point, recipe, "branch1", stride=stride
            )
            if norm:
                self.branch1_bn = batch_norm(recipe, "branch1_bn")
        if recipe.channelwise:
            self.a = convolution(stage.inner, point, recipe, "a")
            self.b = depthwise(stage.inner, (3, 3, 3), recipe, "b", stride)
        else:
            self.a = convolution(stage.inner, (3, 1, 1), recipe, "a")
            self.b = convolution(
                stage.inner, (1, 3, 3), recipe, "b", stride=stride
            )
        if recipe.is_dynamic:
            norms = [batch_norm(recipe, "norm", affine=False) for _ in "ab"]
            self.a_bn = CrossLayer(recipe, norms[0], name="a_bn")
            self.b_bn = CrossTemporal(
                stage.inner, recipe, norms[1], name="b_bn"
            )
        else:
            self.a_bn = batch_norm(recipe, "a_bn")
            self.b_bn = batch_norm(recipe, "b_bn")
        self.se = None
        if squeeze_excite:
            self.se = SqueezeExcite(stage.inner, recipe, name="se")
        self.c = convolution(stage.channels, point, recipe, "c")
        self.c_bn = batch_norm(recipe, "c_bn", zero=True)
        self.drop = DropConnect(drop, index, name="drop")

    @property
    def is_repeatable(self) -> bool:
        """Whether it drops the same clips a second time."""
        return self.drop.is_repeatable

    def call(self, inputs, state=(), cell=None, training=None):
        short = inputs
        if self.branch1 is not None:
            short = self.branch1(inputs)
        if self.branch1_bn is not None:
            short = self.branch1_bn(short, training=training)
        net = self.a(inputs)
        if cell is None:
            net = self.a_bn(net, training=training)
        else:
            net, state = self.a_bn(net, state, cell, training=training)
        net = tf.nn.relu(net)
        net = self.b_bn(self.b(net), training=training)
        if self.se is not None:
            net = self.se(net)
        net = tf.nn.silu(net) if self._swish else tf.nn.relu(net)
        net = self.c_bn(self.c(net), training=training)
        net = tf.nn.relu(short + self.drop(net, training=training))
        return net, state


class ResidualStage(RelayStage):
    """Blocks, the first of which halves height and width.

    Args:
      stage: what it has.
      recipe: of the network.
      number: 2 to 5.
      index: blocks before it in the network.
    """

    def __init__(
        self,
        stage: Stage,
        recipe: X3DRecipe,
        *,
        number: int,
        index: int,
        **kwargs,
    ):
        super().__init__(stage.inner, recipe, **kwargs)
        drop = recipe.drop_connect
        if recipe.drop_connect_by_stage:
            drop *= number / 5
        # PyTorchVideo normalises where channels change, as in all but res2.
        norm = recipe.shortcut == "slowfast" or number > 2
        self.blocks = [
            ResidualBlock(
                stage,
                recipe,
                stride=2 if i == 0 else 1,
                norm=norm,
                squeeze_excite=recipe.squeeze_excite and i % 2 == 0,
                drop=drop,
                index=index + i,
                name=f"block{i}",
            )
            for i in range(stage.blocks)
        ]
