"""NeXtVLAD as a whole network."""

import dataclasses

from d3d_tf.keras_api import keras
from d3d_tf.models.feature_clip import FeatureNetwork
from d3d_tf.models.network import make_variables
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.models.nextvlad.head import LogisticHead
from d3d_tf.models.nextvlad.trunk import NeXtVLADTrunk, read_eigenvalues


@keras.utils.register_keras_serializable("d3d_tf")
class NeXtVLAD(FeatureNetwork):
    """NeXtVLAD (Lin, Xiao and Fan, ECCV 2018 workshops) of YouTube-8M.

    With `model="netvlad"` it is NetVLAD (Arandjelovic et al., CVPR 2016) in the
    same place: soft assignments of the features as they are, without expansion,
    groups and attention; what comes after is NeXtVLAD's. That is our reading,
    no code of it was released.
    """

    recipe_class = NeXtVLADRecipe

    def read_files(self) -> None:
        recipe = self.recipe
        if recipe.eigenvalues is not None:
            values = read_eigenvalues(recipe.eigenvalues, recipe.rgb_features)
            self.trunk.units[0].whitening.of_eigenvalues(values)

    def parts(self, num_classes: int) -> tuple:
        return (
            NeXtVLADTrunk(self.recipe, name="trunk"),
            LogisticHead(num_classes, self.recipe.weight_decay, name="head"),
        )


def build(recipe: NeXtVLADRecipe, num_classes: int, channels: int) -> NeXtVLAD:
    """A network with its variables; see `d3d_tf.models.make_network`."""
    network = NeXtVLAD(
        num_classes, name="NeXtVLAD", **dataclasses.asdict(recipe)
    )
    make_variables(network, channels)
    return network
