"""S3D-G with 3D CNN flow, as a whole network."""

import dataclasses
from typing import Any

import tensorflow as tf

from d3d_tf.errors import UsageError
from d3d_tf.heads.classification import ClassificationHead
from d3d_tf.keras_api import keras
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.models.learned_flow.trunk import LearnedFlowTrunk
from d3d_tf.models.network import VideoNetwork, make_variables
from d3d_tf.models.network_recipe import NetworkRecipe

# The recipe's fields that are arguments of this network alone.
_OPTIONS = tuple(
    field.name
    for field in dataclasses.fields(LearnedFlowRecipe)
    if not hasattr(NetworkRecipe, field.name)
)


@keras.utils.register_keras_serializable("d3d_tf")
class LearnedFlowS3DG(VideoNetwork):
    """The network that D3D calls "S3D-G with 3D CNN flow" (section 5.6).

    It takes RGB only. All of it is trained from labels; the flow in between
    has no loss of its own.

    Args:
      num_classes: number of logits.
      options: the fields of `LearnedFlowRecipe`, and what a Keras model takes.

    Raises:
      ValueError: an option is none of its choices.
    """

    def __init__(self, num_classes: int = 400, **options: Any) -> None:
        own = {name: options.pop(name) for name in _OPTIONS if name in options}
        super().__init__(**options)
        try:
            recipe = LearnedFlowRecipe(**own)
        except UsageError as error:
            raise ValueError(str(error)) from None
        self.trunk = LearnedFlowTrunk(recipe, name="LearnedFlow")
        self.head = ClassificationHead(
            num_classes,
            dropout=recipe.dropout,
            pooling=recipe.head_pooling,
            weight_decay=recipe.weight_decay,
            name="Logits",
        )
        self._config = {"num_classes": num_classes} | {
            name: getattr(recipe, name) for name in _OPTIONS
        }

    def flow(self, clip: tf.Tensor) -> tf.Tensor:
        """The decoded flow in inference: px per frame, (u, v).

        Args:
          clip: RGB `[batch, time, height, width, 3]` float, as `pixels` makes
            it.

        Returns:
          float32 `[batch, time, height, width, 2]`; see
          `LearnedFlowTrunk.flow`.
        """
        return self.trunk.flow(clip, training=False)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self._config


def build(
    recipe: LearnedFlowRecipe, num_classes: int, channels: int
) -> LearnedFlowS3DG:
    """A network with its variables; see `d3d_tf.models.make_network`."""
    arguments = dataclasses.asdict(recipe)
    del arguments["model"]
    network = LearnedFlowS3DG(num_classes, name="LearnedFlowS3DG", **arguments)
    return make_variables(network, channels)
