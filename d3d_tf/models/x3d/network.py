"""X3D as a whole network."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf.errors import UsageError
from d3d_tf.keras_api import keras
from d3d_tf.models.network import VideoNetwork, make_variables
from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.folding import fold_batch_norm, require_right_fold
from d3d_tf.models.x3d.head import X3DHead
from d3d_tf.models.x3d.trunk import X3DTrunk

# The recipe's fields that are arguments of this network alone.
OPTIONS = ("model",) + tuple(
    field.name
    for field in dataclasses.fields(X3DRecipe)
    if not hasattr(NetworkRecipe, field.name)
)


@keras.utils.register_keras_serializable("d3d_tf")
class X3D(VideoNetwork):
    """X3D (Feichtenhofer, CVPR 2020), of any of the five sizes.

    It takes RGB as `pixels` makes it, by default (value - 0.45) / 0.225 of
    [0, 1], in any number of frames and of any size.

    Args:
      num_classes: number of logits.
      model: `x3d_xs`, `x3d_s`, `x3d_m`, `x3d_l` or `x3d_xl`.
      options: the fields of `X3DRecipe`, and what a Keras model takes.

    Raises:
      ValueError: an option is none of its choices.
    """

    def __init__(
        self,
        num_classes: int = 400,
        model: str = X3DRecipe.model,
        **options: Any,
    ) -> None:
        own = {name: options.pop(name) for name in OPTIONS if name in options}
        own["model"] = model
        for name in ("pixel_mean", "pixel_std"):
            options.setdefault(name, getattr(X3DRecipe, name))
        super().__init__(**options)
        try:
            recipe = X3DRecipe(**own)
        except UsageError as error:
            raise ValueError(str(error)) from None
        self.trunk = X3DTrunk(recipe, name="trunk")
        self.head = X3DHead(num_classes, recipe, name="head")
        self._config = {"num_classes": num_classes} | {
            name: getattr(recipe, name) for name in OPTIONS
        }

    def folded(self, *, verified: bool = False) -> "X3D":
        copy = fold_batch_norm(self)
        if verified:
            require_right_fold(self, copy)
        return copy

    def without_classifier(self, new: tuple[str, ...] = ()) -> dict[str, Any]:
        lin_5 = tf.train.Checkpoint(lin_5=self.head.lin_5)
        return {"trunk": self.trunk, "head": lin_5}

    def scale_input(self, factors: tuple[float, ...]) -> bool:
        conv = self.trunk.units[0].conv_xy
        conv.kernel = conv.kernel * np.asarray(factors, np.float32)[:, None]
        return True

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self._config


def build(recipe: X3DRecipe, num_classes: int, channels: int) -> X3D:
    """A network with its variables; see `d3d_tf.models.make_network`."""
    arguments = dataclasses.asdict(recipe)
    network = X3D(num_classes, name="X3D", **arguments)
    return make_variables(network, channels)
