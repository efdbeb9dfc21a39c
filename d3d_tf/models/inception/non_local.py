"""The non-local block of Non-Local S3D-G."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import Conv3D
from d3d_tf.models.inception.blocks import UnitOptions


class NonLocalBlock(keras.layers.Layer):
    """x + W_z y, where y_i is a mean of g_j over all places j of the clip.

    y_i = sum_j softmax_j(theta_i . phi_j / sqrt(C / 2)) g_j, with theta, phi
    and g linear in x, of C / 2 channels (Wang et al., Non-local Neural
    Networks, CVPR 2018: embedded Gaussian; the division is in their code and
    not in their equation). As D3D, section 4.4, has it: no batch normalisation
    and no sub-sampling inside. W_z starts at zero, so the block starts as the
    identity and the weights of an S3D-G fit around it.

    Input and output `[batch, time, height, width, C]`, any float type; the
    softmax is computed in float32. Memory grows with the square of
    time * height * width: 392 places for a clip of 64 x 224 x 224.
    """

    def __init__(self, options: UnitOptions, **kwargs):
        super().__init__(**kwargs)
        self._options = options

    def build(self, input_shape):
        channels = input_shape[-1]
        inner = max(channels // 2, 1)

        def project(filters, initializer, name):
            return Conv3D(
                filters,
                1,
                kernel_initializer=initializer,
                kernel_regularizer=self._options.regularizer(),
                name=name,
            )

        drawn = self._options.kernel_initializer
        self.theta = project(inner, drawn(), "theta")
        self.phi = project(inner, drawn(), "phi")
        self.g = project(inner, drawn(), "g")
        self.z = project(channels, "zeros", "z")
        super().build(input_shape)

    def call(self, inputs):
        shape = tf.shape(inputs)
        theta = self.theta(inputs)
        inner = theta.shape[-1]

        def places(net):
            return tf.reshape(net, [shape[0], -1, inner])

        theta = places(theta) * inner**-0.5
        scores = tf.matmul(theta, places(self.phi(inputs)), transpose_b=True)
        weights = tf.nn.softmax(tf.cast(scores, tf.float32))
        means = tf.matmul(
            tf.cast(weights, inputs.dtype), places(self.g(inputs))
        )
        means = tf.reshape(means, tf.concat([shape[:-1], [inner]], axis=0))
        return inputs + self.z(means)
