"""What every family's trunk can be asked."""

import math

from d3d_tf.keras_api import keras


class Backbone(keras.layers.Layer):
    """A clip in, named features out; it knows no labels.

    `backbone(clip, training)` takes `[batch, time, height, width, channels]`
    float, as the network's `Pixels` make it (or flow in units of 20 px per
    frame), and returns `{endpoint: [batch, time', height', width', C]}` in
    order. A family implements the four methods below.
    """

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of the features, in the order in which they are computed."""
        raise NotImplementedError

    @property
    def channels(self) -> int:
        """Of the clips that it takes; it has its variables."""
        raise NotImplementedError

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        """As a call, but nothing after `endpoint` is computed."""
        raise NotImplementedError

    def layers_up_to(self, endpoint: str) -> list:
        """The layers that `up_to` passes, each with all of its variables."""
        raise NotImplementedError

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        """Frames, rows and columns of the clip per one of the endpoint."""
        raise NotImplementedError

    def time_stride(self, endpoint: str) -> int:
        """Frames of the clip per frame of an endpoint."""
        return self.strides(endpoint)[0]


class SequentialBackbone(Backbone):
    """Units one after another, each of which is an endpoint of its name.

    Attributes:
      units: layers that take a clip and `training`; set by the family.
    """

    units: list

    def call(self, inputs, training=None):
        return self.up_to(self.units[-1].name, inputs, training)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(unit.name for unit in self.units)

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        features = {}
        net = inputs
        for unit in self.layers_up_to(endpoint):
            net = features[unit.name] = unit(net, training=training)
        return features

    def layers_up_to(self, endpoint: str) -> list:
        return up_to_name(self.units, endpoint)


def up_to_name(layers: list, endpoint: str) -> list:
    """The layers in order, the one with that name the last.

    Raises:
      ValueError: none has it.
    """
    names = [layer.name for layer in layers]
    if endpoint not in names:
        raise ValueError(
            f"No endpoint is called {endpoint!r}; this trunk has "
            f"{', '.join(names)}."
        )
    return layers[: names.index(endpoint) + 1]


def product(strides: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """Strides of layers that follow one another."""
    frames, rows, columns = zip(*strides, strict=True)
    return math.prod(frames), math.prod(rows), math.prod(columns)
