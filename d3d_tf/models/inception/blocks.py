"""The building blocks of S3D-G and I3D: unit, gate, Inception block.

Names follow the TF-Slim code that the D3D authors released, so that the path
of a layer is the name of its variables in a published checkpoint.
"""

import dataclasses

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.convolution import Conv3D, MaxPool3D
from d3d_tf.layers.lengths import as_float32, lengths
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.models.dnr.config import RelayRecipe
from d3d_tf.models.dnr.relays import CrossTemporal
from d3d_tf.models.inception.config import InceptionRecipe


@dataclasses.dataclass(frozen=True)
class UnitOptions:
    """What all convolution units of one network share.

    Attributes:
      weight_decay: factor of the L2 term `weight_decay * sum(w^2) / 2` on
        every kernel (1e-7 in the original; biases and shifts have none).
      batch_norm_momentum: see `BatchNorm`.
      batch_norm_epsilon: see `BatchNorm`.
      synchronized_batch_norm: see `BatchNorm`.
      separable: a kernel that is longer than one frame is a spatial
        convolution followed by a temporal one (S3D); otherwise it is one full
        3-D convolution (I3D).
      relays: the recipe of a network with DNR; None: it has none.
      fan_in_initializer: draw kernels from a normal of variance 2 / fan-in
        instead of the original truncated normal of 0.01, which needs the
        original's 140,000 steps to leave its plateau (ours, no source).
    """

    weight_decay: float = InceptionRecipe.weight_decay
    batch_norm_momentum: float = InceptionRecipe.batch_norm_momentum
    batch_norm_epsilon: float = 1e-3
    synchronized_batch_norm: bool = InceptionRecipe.synchronized_batch_norm
    separable: bool = True
    relays: RelayRecipe | None = None
    fan_in_initializer: bool = InceptionRecipe.fan_in_initializer

    def regularizer(self):
        return WeightDecay(self.weight_decay)

    def kernel_initializer(self):
        if self.fan_in_initializer:
            return keras.initializers.HeNormal()
        return keras.initializers.TruncatedNormal(stddev=0.01)

    def batch_norm(self, shift: bool = True):
        return BatchNorm(
            momentum=self.batch_norm_momentum,
            epsilon=self.batch_norm_epsilon,
            synchronized=self.synchronized_batch_norm,
            shift=shift,
            name="BatchNorm",
        )


class IdentityInTime(keras.initializers.Initializer):
    """Identity in the centre tap of a `[time, 1, 1, C, C]` kernel, else zero.

    A temporal convolution that starts so passes every frame on unchanged.
    """

    def __call__(self, shape, dtype=None, **kwargs):
        taps, channels = shape[0], shape[-1]
        centre = tf.one_hot(taps // 2, taps, dtype=dtype or tf.float32)
        eye = tf.eye(channels, dtype=dtype or tf.float32)
        return centre[:, None, None, None, None] * eye

    def get_config(self):
        return {}


class SelfGating(keras.layers.Layer):
    """y = x * sigmoid(W . mean over time, height, width of x).

    One gate per channel and clip; no bias, no residual (S3D-G, section 4.3;
    the released code gates every branch, not every block).
    """

    def __init__(self, options: UnitOptions, **kwargs):
        super().__init__(**kwargs)
        self._options = options

    def build(self, input_shape):
        self.transformer_W = Conv3D(
            input_shape[-1],
            1,
            use_bias=False,
            kernel_initializer=self._options.kernel_initializer(),
            kernel_regularizer=self._options.regularizer(),
            name="transformer_W",
        )
        super().build(input_shape)

    def call(self, inputs):
        pooled = tf.cast(mean_over_clip(inputs), inputs.dtype)
        return inputs * tf.sigmoid(self.transformer_W(pooled))


def mean_over_clip(inputs):
    """`[batch, time, height, width, C]` to float32 `[batch, 1, 1, 1, C]`.

    Of every frame, then over time: one sum of the 100,352 values of a large
    clip is off by up to 1e-5 in float32, this mean by 3e-7. Such an error is
    the same at every place, so that nothing averages it away, and deep networks
    enlarge it. Frames as a product: TensorFlow's own mean takes three times as
    long on CPUs, and its gradient too. Nothing is divided, as Grappler makes
    another rounding of a division by a constant.
    """
    batch, time, height, width, channels = lengths(inputs)
    area = height * width
    flat = [batch, time, 1, area, channels]
    places = tf.reshape(tf.cast(inputs, tf.float32), flat)
    # For every frame: a single one would be broadcast, and the gradient of that
    # is a dozen operations.
    shares = tf.fill(
        [batch, time, 1, 1, area], as_float32(1) / as_float32(area)
    )
    return tf.reduce_mean(shares @ places, axis=1, keepdims=True)


class ConvUnit(keras.layers.Layer):
    """Convolution, batch normalisation, ReLU; maybe temporal half; maybe gate.

    Input `[batch, time, height, width, C]`, output with `filters` channels and
    every axis divided by `strides`, rounded up (TF's SAME padding). Where
    `options.separable` and `kernel[0] > 1`, the unit is a `1 x h x w`
    convolution with batch normalisation and ReLU, then a `t x 1 x 1` one with
    a bias and ReLU and *no* batch normalisation: so the released S3D-G has it,
    unlike its paper.

    Where `relayed` and the network has DNR, its cross-temporal norm is in the
    place of batch normalisation.
    """

    def __init__(
        self,
        filters: int,
        kernel: tuple[int, int, int],
        options: UnitOptions,
        *,
        strides: tuple[int, int, int] = (1, 1, 1),
        gating: bool = False,
        relayed: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        separable = options.separable and kernel[0] > 1
        time_taps, *space = kernel
        self.conv = Conv3D(
            filters,
            (1, *space) if separable else kernel,
            strides=(1, *strides[1:]) if separable else strides,
            padding="same",
            use_bias=False,
            kernel_initializer=options.kernel_initializer(),
            kernel_regularizer=options.regularizer(),
            name="conv",
        )
        if relayed and options.relays:
            self.batch_norm = CrossTemporal(
                filters,
                options.relays,
                options.batch_norm(shift=False),
                name="DNR",
            )
        else:
            self.batch_norm = options.batch_norm()
        self.temporal = None
        if separable:
            self.temporal = Conv3D(
                filters,
                (time_taps, 1, 1),
                strides=(strides[0], 1, 1),
                padding="same",
                activation="relu",
                kernel_initializer=IdentityInTime(),
                kernel_regularizer=options.regularizer(),
                name="temporal",
            )
        self.self_gating = None
        if gating:
            self.self_gating = SelfGating(options, name="self_gating")

    def call(self, inputs, training=None):
        net = self.conv(inputs)
        net = tf.nn.relu(self.batch_norm(net, training=training))
        if self.temporal is not None:
            net = self.temporal(net)
        if self.self_gating is not None:
            net = self.self_gating(net)
        return net


class InceptionBlock(keras.layers.Layer):
    """Four branches side by side, concatenated on channels.

    The 3x3 convolutions are `relayed`: that is where DNR has its cross-temporal
    relay in ResNets. Its cross-layer relay wants blocks that are all of one
    width, which these are not. Ours.

    Args:
      filters: output channels of (Branch_0, Branch_1 reduction, Branch_1,
        Branch_2 reduction, Branch_2, Branch_3).
      temporal_kernel: taps in time of the 3x3 convolutions of Branch_1 and
        Branch_2, 3 or 1. Branch_3's pooling spans 3 frames in either case.
      gating: gate the end of every branch.
    """

    def __init__(
        self,
        filters: tuple[int, int, int, int, int, int],
        options: UnitOptions,
        *,
        temporal_kernel: int = 3,
        gating: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        point, cube = (1, 1, 1), (temporal_kernel, 3, 3)
        b0, b1a, b1b, b2a, b2b, b3 = filters

        def unit(channels, kernel, name, gated):
            return ConvUnit(
                channels,
                kernel,
                options,
                gating=gated,
                relayed=kernel != point,
                name=name,
            )

        # Attributes rather than one nested list: Keras 2's `.keras` format
        # skips what lies in a list of lists.
        self.Branch_0 = [unit(b0, point, "Branch_0/Conv2d_0a_1x1", gating)]
        self.Branch_1 = [
            unit(b1a, point, "Branch_1/Conv2d_0a_1x1", False),
            unit(b1b, cube, "Branch_1/Conv2d_0b_3x3", gating),
        ]
        self.Branch_2 = [
            unit(b2a, point, "Branch_2/Conv2d_0a_1x1", False),
            unit(b2b, cube, "Branch_2/Conv2d_0b_3x3", gating),
        ]
        self.Branch_3 = [unit(b3, point, "Branch_3/Conv2d_0b_1x1", gating)]
        self.pool = MaxPool3D(3, 1, "same", name="MaxPool_0a_3x3")

    @property
    def ends(self) -> list[ConvUnit]:
        """The last unit of every branch."""
        branches = self.Branch_0, self.Branch_1, self.Branch_2, self.Branch_3
        return [branch[-1] for branch in branches]

    def branches(self, inputs, training=None) -> list:
        """As a call, not concatenated."""
        outputs = []
        for branch in (self.Branch_0, self.Branch_1, self.Branch_2):
            net = inputs
            for unit in branch:
                net = unit(net, training=training)
            outputs.append(net)
        net = self.pool(inputs)
        for unit in self.Branch_3:
            net = unit(net, training=training)
        return [*outputs, net]

    def call(self, inputs, training=None):
        return tf.concat(self.branches(inputs, training), axis=-1)
