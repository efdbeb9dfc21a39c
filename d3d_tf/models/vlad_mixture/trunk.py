"""The mixture without its classifiers."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.backbone import up_to_name
from d3d_tf.models.feature_clip import FeatureBackbone, features_and_mask
from d3d_tf.models.nextvlad.aggregation import dense, norm_of
from d3d_tf.models.nextvlad.layers import Whitening
from d3d_tf.models.nextvlad.trunk import NeXtVLADTrunk
from d3d_tf.models.vlad_mixture.config import BRANCHES, MixtureRecipe


class MixtureGate(keras.layers.Layer):
    """How much each branch weighs, from the mean of the features.

    Input features and mask, output `[batch, 3]` float32, sums 1.

    Args:
      recipe: of the network; with `count_padding` the mean is over all frames,
        those of padding, too, as in the authors' code.
    """

    def __init__(self, recipe: MixtureRecipe, **kwargs):
        super().__init__(**kwargs)
        self.count_padding = recipe.count_padding
        self.batch_norm = norm_of(recipe)(name="mix_weights_bn", unbiased=True)
        self.dense = dense(BRANCHES, "mix_weights", dtype="float32")

    def call(self, inputs, training=None):
        return tf.nn.softmax(self.logits(inputs, training))

    def logits(self, inputs, training=None):
        """`[batch, 3]`: before the soft-max."""
        features, mask = inputs
        features = tf.cast(features, tf.float32)
        if self.count_padding:
            mean = tf.reduce_mean(features, axis=1)
        else:
            there = tf.cast(mask, tf.float32)[..., None]
            count = tf.maximum(tf.reduce_sum(there, axis=1), 1.0)
            mean = tf.reduce_sum(features * there, axis=1) / count
        return self.dense(self.batch_norm(mean, training=training))


class MixtureTrunk(FeatureBackbone):
    """NeXtVLADs of the same features; endpoints have theirs side by side.

    `vlad`, `hidden` and `gated` are `[batch, 1, 3 * C]`, and `gated` ends
    in the weights of the branches, one number each.

    Args:
      recipe: of the network.

    Attributes:
      trunks: the branches, `NeXtVLADTrunk`s.
      gate: `MixtureGate`.
    """

    def __init__(self, recipe: MixtureRecipe, **kwargs):
        super().__init__(**kwargs)
        self.whitening = None
        if recipe.eigenvalues is not None:
            self.whitening = Whitening(recipe.rgb_features, name="whitening")
        self.trunks = [
            NeXtVLADTrunk(recipe.branch, name=f"branch_{i}")
            for i in range(BRANCHES)
        ]
        self.gate = MixtureGate(recipe, name="gate")

    @property
    def endpoints(self) -> tuple[str, ...]:
        return self.trunks[0].endpoints

    @property
    def channels(self) -> int:
        return self.trunks[0].channels

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        up_to_name(self.trunks[0].units, endpoint)
        features, mask = features_and_mask(inputs)
        features = tf.cast(features, self.compute_dtype)
        if self.whitening:
            features = self.whitening(features)
        found = []
        for trunk in self.trunks:
            with tf.name_scope(trunk.name):
                found.append(trunk.up_to(endpoint, (features, mask), training))
        both = {
            name: tf.concat([branch[name] for branch in found], axis=-1)
            for name in found[0]
        }
        if endpoint == self.endpoints[-1]:
            gate = self.gate((features, mask), training=training)
            gate = tf.cast(gate, self.compute_dtype)[:, None]
            both[endpoint] = tf.concat([both[endpoint], gate], axis=-1)
        return both

    def layers_up_to(self, endpoint: str) -> list:
        own = [self.whitening] if self.whitening else []
        if endpoint == self.endpoints[-1]:
            own.append(self.gate)
        return own + [
            layer
            for trunk in self.trunks
            for layer in trunk.layers_up_to(endpoint)
        ]
