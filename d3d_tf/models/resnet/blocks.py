"""What ResNets of frames begin with: convolutions, the stem, max-pooling.

Names of layers follow torchvision and MMAction2. Frames see each other in the
shift, in DNR and in the statistics of batch normalisation only: kernels have
one place in time, which is a convolution of frames in the batch.
"""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.convolution import Conv3D, MaxPool3D, with_border
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.models.resnet.config import ResNetRecipe


def convolution(
    filters: int, side: int, recipe: ResNetRecipe, name: str, stride: int = 1
) -> Conv3D:
    """Of frames, without a bias; normal of variance 2 / (outputs * places).

    Zeros are around the frames as PyTorch has them.
    """
    return Conv3D(
        filters,
        (1, side, side),
        strides=(1, stride, stride),
        padding="valid" if stride > 1 else "same",
        border=side // 2 if stride > 1 else 0,
        use_bias=False,
        kernel_initializer=keras.initializers.VarianceScaling(
            2.0, "fan_out", "untruncated_normal"
        ),
        kernel_regularizer=WeightDecay(recipe.weight_decay),
        name=name,
    )


def batch_norm(
    recipe: ResNetRecipe, name: str, *, affine: bool = True
) -> BatchNorm:
    """PyTorch's, with a scale and a shift or with neither."""
    layer = BatchNorm(
        momentum=recipe.batch_norm_momentum,
        epsilon=recipe.batch_norm_epsilon,
        synchronized=recipe.synchronized_batch_norm,
        scale=affine,
        shift=affine,
        unbiased=True,
        name=name,
    )
    if affine:
        decay = WeightDecay(recipe.weight_decay)
        layer.gamma_regularizer = layer.beta_regularizer = decay
    return layer


class Stem(keras.layers.Layer):
    """7x7 convolution of stride 2, batch normalisation, ReLU."""

    def __init__(self, filters: int, recipe: ResNetRecipe, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = convolution(filters, 7, recipe, "conv1", stride=2)
        self.bn1 = batch_norm(recipe, "bn1")

    def call(self, inputs, training=None):
        net = self.conv1(inputs)
        return tf.nn.relu(self.bn1(net, training=training))


class Pooling(keras.layers.Layer):
    """The largest of 3x3 pixels, with stride 2; after a ReLU, 0 is padding."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pool = MaxPool3D((1, 3, 3), (1, 2, 2), name="pool")

    def call(self, inputs, training=None):
        return self.pool(with_border(inputs, 1))
