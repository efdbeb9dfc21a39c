"""TSN and TSM as whole networks."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf.errors import UsageError
from d3d_tf.keras_api import keras
from d3d_tf.models.folding import fold_batch_norm, require_right_fold
from d3d_tf.models.network import VideoNetwork, make_variables
from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.folding import PAIRS
from d3d_tf.models.resnet.head import FrameHead
from d3d_tf.models.resnet.trunk import ResNetTrunk

# The recipe's fields that are arguments of this network alone.
OPTIONS = ("model",) + tuple(
    field.name
    for field in dataclasses.fields(ResNetRecipe)
    if not hasattr(NetworkRecipe, field.name)
)


@keras.utils.register_keras_serializable("d3d_tf")
class ResNet(VideoNetwork):
    """A ResNet of frames (He et al., CVPR 2016): TSN or TSM, maybe with DNR.

    TSN (Wang et al., ECCV 2016) takes the mean over frames, TSM (Lin et al.,
    ICCV 2019) shifts channels along time before. It takes RGB as `pixels` makes
    it, by default with ImageNet's mean and deviation, in any number of frames
    and of any size.

    Args:
      num_classes: number of logits.
      model: `tsn_r18`, `tsn_r34`, `tsn_r50`, `tsn_r101`, or `tsm_...`.
      options: the fields of `ResNetRecipe`, and what a Keras model takes.

    Raises:
      ValueError: an option is none of its choices.
    """

    def __init__(
        self,
        num_classes: int = 400,
        model: str = ResNetRecipe.model,
        **options: Any,
    ) -> None:
        own = {name: options.pop(name) for name in OPTIONS if name in options}
        own["model"] = model
        for name in ("pixel_mean", "pixel_std"):
            options.setdefault(name, getattr(ResNetRecipe, name))
        super().__init__(**options)
        try:
            recipe = ResNetRecipe(**own)
        except UsageError as error:
            raise ValueError(str(error)) from None
        self.trunk = ResNetTrunk(recipe, name="trunk")
        self.head = FrameHead(num_classes, recipe, name="head")
        self._config = {"num_classes": num_classes} | {
            name: getattr(recipe, name) for name in OPTIONS
        }

    def folded(self, *, verified: bool = False) -> "ResNet":
        copy = fold_batch_norm(self, PAIRS)
        if verified:
            require_right_fold(self, copy, PAIRS)
        return copy

    def without_classifier(self, new: tuple[str, ...] = ()) -> dict[str, Any]:
        if not new:
            return super().without_classifier()
        stem, pool, *stages = self.trunk.units
        kept = [
            tf.train.Checkpoint(blocks=[_static(b) for b in stage.blocks])
            for stage in stages
        ]
        units = tf.train.Checkpoint(units=[stem, pool, *kept])
        return {"trunk": units}

    def scale_input(self, factors: tuple[float, ...]) -> bool:
        conv = self.trunk.units[0].conv1
        conv.kernel = conv.kernel * np.asarray(factors, np.float32)[:, None]
        return True

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self._config


def _static(block: Any) -> tf.train.Checkpoint:
    """A block without the norms that DNR has in place of others."""
    names = ("conv1", "conv2", "conv3", "bn3", "downsample", "downsample_bn")
    layers = {name: getattr(block, name, None) for name in names}
    return tf.train.Checkpoint(**{n: x for n, x in layers.items() if x})


def build(recipe: ResNetRecipe, num_classes: int, channels: int) -> ResNet:
    """A network with its variables; see `d3d_tf.models.make_network`."""
    arguments = dataclasses.asdict(recipe)
    network = ResNet(num_classes, name="ResNet", **arguments)
    return make_variables(network, channels)
