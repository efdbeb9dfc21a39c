"""The mixture as a whole network."""

import dataclasses

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.feature_clip import FeatureNetwork
from d3d_tf.models.network import make_variables
from d3d_tf.models.nextvlad.head import LogisticHead
from d3d_tf.models.nextvlad.trunk import read_eigenvalues
from d3d_tf.models.vlad_mixture.config import BRANCHES, MixtureRecipe
from d3d_tf.models.vlad_mixture.trunk import MixtureTrunk


class MixtureHead(keras.layers.Layer):
    """The branches' classifiers, and the mean of their logits by the gate.

    Input the trunk's `gated`, output `[batch, num_classes]` float32 logits.

    Args:
      num_classes: number of outputs.
      recipe: of the network.
    """

    def __init__(self, num_classes: int, recipe: MixtureRecipe, **kwargs):
        super().__init__(**kwargs)
        self.heads = [
            LogisticHead(num_classes, recipe.weight_decay, name=f"branch_{i}")
            for i in range(BRANCHES)
        ]

    def call(self, features, training=None):
        gate = self.pooled(features)[:, -len(self.heads) :]
        logits = self.branch_logits(features)
        return tf.reduce_sum(gate[..., None] * logits, axis=1)

    def branch_logits(self, features):
        """`[batch, 3, num_classes]` float32."""
        count = len(self.heads)
        parts = tf.split(features[..., :-count], count, axis=-1)
        pairs = zip(self.heads, parts, strict=True)
        return tf.stack([head(part) for head, part in pairs], axis=1)

    def pooled(self, features):
        """`[batch, C]` float32: what the logits are made of."""
        return tf.cast(features[:, 0], tf.float32)


@keras.utils.register_keras_serializable("d3d_tf")
class NeXtVLADMixture(FeatureNetwork):
    """The mixture of NeXtVLADs of Lin, Xiao and Fan (section 3.4).

    Its logits are those of the branches, weighed by a gate. The branches learn
    together, and from the mixture: `d3d_tf.distill.mixture`.
    """

    recipe_class = MixtureRecipe

    def read_files(self) -> None:
        recipe = self.recipe
        if recipe.eigenvalues is not None:
            values = read_eigenvalues(recipe.eigenvalues, recipe.rgb_features)
            self.trunk.whitening.of_eigenvalues(values)

    def parts(self, num_classes: int) -> tuple:
        return (
            MixtureTrunk(self.recipe, name="trunk"),
            MixtureHead(num_classes, self.recipe, name="head"),
        )


def build(
    recipe: MixtureRecipe, num_classes: int, channels: int
) -> NeXtVLADMixture:
    """A network with its variables; see `d3d_tf.models.make_network`."""
    network = NeXtVLADMixture(
        num_classes, name="NeXtVLADMixture", **dataclasses.asdict(recipe)
    )
    make_variables(network, channels)
    return network
