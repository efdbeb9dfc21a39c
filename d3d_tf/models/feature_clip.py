"""Networks of features: a clip of frames without pixels, padded or whole."""

import dataclasses
from typing import Any, ClassVar

import tensorflow as tf

from d3d_tf.errors import UsageError
from d3d_tf.models.backbone import Backbone
from d3d_tf.models.network import VideoNetwork
from d3d_tf.models.network_recipe import NetworkRecipe

# The stride in time of what a whole video becomes: more than any has frames.
WHOLE = 2**31 - 1


def features_and_mask(inputs) -> tuple:
    """What networks of features are given, and which frames are the video's.

    Args:
      inputs: features, float `[batch, frames, channels]`; or a pair of them and
        the number of frames of each video, integer `[batch]`, after which
        padding follows; or of them and what this function returns second.

    Returns:
      The features, and bool `[batch, frames]`.
    """
    features, count = inputs, None
    if isinstance(inputs, tuple | list):
        features, count = inputs
    features = tf.convert_to_tensor(features)
    if count is None:
        return features, tf.ones(tf.shape(features)[:2], tf.bool)
    count = tf.convert_to_tensor(count)
    if count.dtype == tf.bool:
        return features, count
    return features, tf.sequence_mask(count, tf.shape(features)[1])


class FeatureNetwork(VideoNetwork):
    """`network(inputs)`: a clip of features to `[batch, num_classes]` logits.

    Inputs are those of `features_and_mask`. Endpoints are `[batch, time, C]`,
    of which one place in time may stand for the whole video.

    Args:
      num_classes: number of logits.
      options: the fields of the family's recipe, and what a Keras model takes.

    Raises:
      ValueError: an option is none of its choices.
    """

    recipe_class: ClassVar[type[NetworkRecipe]]
    smallest_clip = (2,)

    def __init__(self, num_classes: int = 3862, **options: Any) -> None:
        names = {
            field.name
            for field in dataclasses.fields(self.recipe_class)
            if field.name == "model" or not hasattr(NetworkRecipe, field.name)
        }
        own = {name: options.pop(name) for name in names & options.keys()}
        super().__init__(**options)
        try:
            self.recipe: Any = self.recipe_class(**own)
        except UsageError as error:
            raise ValueError(str(error)) from None
        self._config = {"num_classes": num_classes} | {
            name: getattr(self.recipe, name) for name in sorted(names)
        }
        self.trunk, self.head = self.parts(num_classes)

    def parts(self, num_classes: int) -> tuple:
        """The trunk and the head, of `self.recipe`."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self._config


class FeatureBackbone(Backbone):
    """`backbone(inputs)`: of what `features_and_mask` takes, see `Backbone`."""

    def call(self, inputs, training=None):
        return self.up_to(self.endpoints[-1], inputs, training)

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        return (WHOLE, 1, 1)
