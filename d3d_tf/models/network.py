"""A whole network: a backbone and a head under the name that papers use."""

from typing import Any

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.backbone import Backbone
from d3d_tf.pixels import Pixels


class VideoNetwork(keras.Model):
    """`network(clip)`: a clip to `[batch, num_classes]` float32 logits.

    A clip is `[batch, time, height, width, channels]` float, as `pixels` makes
    it of RGB (channels 3), or optical flow (channels 2, (u, v) in units of 20
    px per frame); of features of frames see `models.feature_clip`. A family's
    network sets `trunk` and `head` in its
    constructor, whose arguments `get_config` returns.

    Args:
      pixel_mean, pixel_std: of `pixels`.

    Attributes:
      trunk: the `Backbone`; checkpoints and exports know it by this name.
      head: a layer that takes the last features, with `pooled`.
      pixels: how RGB is scaled for it.
    """

    trunk: Backbone
    head: keras.layers.Layer
    # Axes between batch and channels of a clip that every network takes.
    smallest_clip: tuple[int, ...] = (2, 32, 32)

    def __init__(
        self,
        *,
        pixel_mean: tuple[float, float, float] = Pixels.mean,
        pixel_std: tuple[float, float, float] = Pixels.std,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Keras makes lists of tuples in a config.
        self.pixels = Pixels((*pixel_mean,), (*pixel_std,))

    def read_files(self) -> None:
        """Takes what a new network has from files that its recipe names."""

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "pixel_mean": self.pixels.mean,
            "pixel_std": self.pixels.std,
        }

    def call(self, inputs, training=None):
        return self._logits(inputs, training)

    # Nothing in here branches on a tensor: AutoGraph has nothing to do. (It is
    # not a decorator of `call`: Keras reads that one's arguments.)
    @tf.autograph.experimental.do_not_convert
    def _logits(self, inputs, training):
        return self.logits_and_features(inputs, training)[0]

    def logits_and_features(self, inputs, training=None) -> tuple:
        """Logits and `{endpoint: tensor}` of one pass; see `Backbone`."""
        features = self.trunk(inputs, training=training)
        net = features[self.trunk.endpoints[-1]]
        return self.head(net, training=training), features

    def features(self, inputs):
        """`{endpoint: tensor}` in inference mode; see `Backbone`."""
        return self.trunk(inputs, training=False)

    def folded(self, *, verified: bool = False) -> "VideoNetwork":
        """A copy that computes the same in inference, faster, or itself.

        The copy answers to calls and `features` only; it cannot be trained.

        Args:
          verified: compare the copy with the network, layer by layer.

        Raises:
          FoldError: the copy is not what the network is.
        """
        return self

    def without_classifier(self, new: tuple[str, ...] = ()) -> dict[str, Any]:
        """What a network of other classes can start from, by checkpoint name.

        All but the `HEAD_NAMES` of the family.

        Args:
          new: as `d3d_tf.models.start_from` says: what is left out, too.
        """
        return {"trunk": self.trunk}

    def scale_input(self, factors: tuple[float, ...]) -> bool:
        """Whether a folded network now multiplies its input by these first.

        Args:
          factors: one per channel of its clips.
        """
        return False


class FoldError(ValueError):
    """A folded network is not what it was folded from."""


def make_variables(network: VideoNetwork, channels: int) -> VideoNetwork:
    """Calls a new network once, on the smallest clip that all families take."""
    network(tf.zeros([1, *network.smallest_clip, channels]))
    return network


def rebuilt(network: VideoNetwork, **changes) -> VideoNetwork:
    """A copy with variables of its own.

    Args:
      network: with its variables.
      **changes: of its config.
    """
    config = network.get_config() | changes
    copy = type(network).from_config(config)
    make_variables(copy, network.trunk.channels)
    pairs = zip(by_layer(copy), by_layer(network), strict=True)
    for variable, own in pairs:
        variable.assign(own)
    return copy


def by_layer(whole: keras.layers.Layer) -> list:
    """Its variables; those of `weights` change places with frozen layers.

    Args:
      whole: a layer, or a network.
    """
    return [
        variable
        for layer in whole._flatten_layers()
        for variable in (
            *layer._trainable_weights,
            *layer._non_trainable_weights,
        )
    ]
