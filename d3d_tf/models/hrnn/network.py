"""H-RNN as a whole network."""

import dataclasses

from d3d_tf.keras_api import keras
from d3d_tf.models.feature_clip import FeatureNetwork
from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.hrnn.head import ExpertsHead
from d3d_tf.models.hrnn.trunk import HRNNTrunk
from d3d_tf.models.network import make_variables


@keras.utils.register_keras_serializable("d3d_tf")
class HRNN(FeatureNetwork):
    """The H-RNN of Bhardwaj, Srinivasan and Khapra (CVPR 2019).

    It takes features with any number of channels.
    """

    recipe_class = HRNNRecipe

    def parts(self, num_classes: int) -> tuple:
        recipe = self.recipe
        return (
            HRNNTrunk(recipe, name="trunk"),
            ExpertsHead(
                num_classes, recipe.mixtures, recipe.weight_decay, name="head"
            ),
        )


def build(recipe: HRNNRecipe, num_classes: int, channels: int) -> HRNN:
    """A network with its variables; see `d3d_tf.models.make_network`."""
    network = HRNN(num_classes, name="HRNN", **dataclasses.asdict(recipe))
    return make_variables(network, channels)
