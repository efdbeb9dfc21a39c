"""What of a network a module holds: all of it, or no more than its features."""

import dataclasses
import json
from collections.abc import Callable

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.models.network import VideoNetwork
from d3d_tf.pixels import Pixels
from d3d_tf.tasks import DEFAULT, task_of

CLASSIFICATION = "classification"
FEATURE_VECTOR = "feature_vector"
FEATURE_MAP = "feature_map"


@dataclasses.dataclass(frozen=True)
class Part:
    """A network up to where a module ends.

    Attributes:
      forward: frames `[batch, time, height, width, 3]`, as `pixels` makes
        them of [0, 1], and `training` to `features`, and `logits` where
        there are any: `[batch, num_classes]`.
      layers: the layers it passes.
      shortest: frames of the shortest clip that fills a feature frame.
      kind, endpoint: what it was cut by.
      pixels: how the network wants its frames scaled.
      task: of the recipe: what makes `probabilities` of the logits.
    """

    forward: Callable
    layers: list
    shortest: int
    kind: str
    endpoint: str | None = None
    pixels: Pixels = Pixels()
    task: str = DEFAULT

    def variables_of(self, network) -> list:
        """The network's variables that it uses, in the network's order."""
        used = {id(v) for layer in self.layers for v in layer.variables}
        return [v for v in network.variables if id(v) in used]

    def with_probabilities(self, outputs: dict) -> dict:
        """The outputs, and `probabilities` where there are logits."""
        if "logits" not in outputs:
            return outputs
        probabilities = task_of(self.task).probabilities(outputs["logits"])
        return outputs | {"probabilities": probabilities}


def cut(
    network, kind: str, endpoint: str | None = None, task: str = DEFAULT
) -> Part:
    """The part of a network that a module of a kind holds.

    `features` of a classification network and of a feature vector are
    `[batch, C]`, what the logits are made of; those of a feature map are the
    endpoint, `[batch, time', height', width', C]`.

    Args:
      network: a `VideoNetwork`, or a functional Keras model of clips whose
        last layer makes the logits: what that layer is given is the feature
        vector, and endpoints are names of layers.
      kind: `classification`, `feature_vector` or `feature_map`.
      endpoint: of a feature map.
      task: of the recipe that the network was trained by.

    Raises:
      UserError: there is no such kind or endpoint, or no telling what the
        network's features are.
    """
    if kind not in (CLASSIFICATION, FEATURE_VECTOR, FEATURE_MAP):
        raise UserError(
            f"A module is of the kind {CLASSIFICATION}, {FEATURE_VECTOR} or "
            f"{FEATURE_MAP}; got {kind!r}."
        )
    if (kind == FEATURE_MAP) != bool(endpoint):
        raise UserError(
            f"An endpoint goes with the kind {FEATURE_MAP}, and with no other; "
            f"got {kind} and {endpoint!r}."
        )
    try:
        if isinstance(network, VideoNetwork):
            _require_variables(network)
            _require_rgb(network)
            return video_part(network, kind, endpoint, task)
        if isinstance(network, keras.Sequential):
            _require_variables(network)
        if getattr(network, "_is_graph_network", False):
            return _functional(network, kind, endpoint, task)
    except ValueError as error:
        raise UserError(str(error)) from error
    raise UserError(
        f"{type(network).__name__} is neither a network of d3d_tf nor a "
        "functional Keras model, so what its features are is not known."
    )


def architecture(network) -> str:
    """What a network is besides its weights, whatever its layers are called.

    Returns:
      JSON; of what Keras cannot describe, its class only.
    """
    try:
        config = network.get_config()
    except NotImplementedError:
        config = {}
    # Keras counts the layers of a process for names that nobody gave.
    names = {layer.name for layer in (network, *network.submodules)}
    order: dict[str, int] = {}

    def nameless(value):
        if isinstance(value, dict):
            return {key: nameless(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [nameless(inner) for inner in value]
        if isinstance(value, str) and value in names:
            return order.setdefault(value, len(order))
        return value

    described = [type(network).__name__, nameless(config)]
    return json.dumps(described, sort_keys=True, default=str)


def _require_variables(network) -> None:
    if not network.built:
        raise UserError(
            f"The network {network.name} has no variables yet. Call it on a "
            "clip and load its weights before it is exported."
        )


def _require_rgb(network) -> None:
    channels = network.trunk.channels
    if channels != 3:
        raise UserError(
            f"Modules take RGB, and the network {network.name} takes frames "
            f"of {channels} channels, as one of optical flow."
        )


def video_part(
    network: VideoNetwork, kind: str, endpoint: str | None, task: str
) -> Part:
    """As `cut`, of one of our networks, whatever it looks at."""
    trunk, head = network.trunk, network.head
    end = endpoint or trunk.endpoints[-1]

    def forward(frames, training):
        features = trunk.up_to(end, frames, training=training)[end]
        if kind == FEATURE_MAP:
            return {"features": features}
        outputs = {"features": head.pooled(features)}
        if kind == CLASSIFICATION:
            outputs["logits"] = head(features, training=training)
        return outputs

    layers = trunk.layers_up_to(end)
    if kind == CLASSIFICATION:
        layers = [*layers, head]
    shortest = trunk.time_stride(end)
    return Part(forward, layers, shortest, kind, endpoint, network.pixels, task)


def _functional(network, kind: str, endpoint: str | None, task: str) -> Part:
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise UserError(
            f"The network {network.name} has {len(network.inputs)} inputs and "
            f"{len(network.outputs)} outputs; a module takes frames and "
            "returns one tensor."
        )
    last, node, _ = network.outputs[0]._keras_history
    # Not `last.input`, which of a network in this one is its own.
    features = last.inbound_nodes[node].input_tensors
    if not endpoint and isinstance(features, list | tuple | dict):
        raise UserError(
            f"The last layer, {last.name}, takes several tensors, so what the "
            "features are is not known. End the network with the one layer "
            "that makes the logits of them."
        )
    if kind == CLASSIFICATION and network.outputs[0].shape.rank != 2:
        raise UserError(
            "Logits are of shape [batch, classes]; those of the network "
            f"{network.name} have {network.outputs[0].shape.rank} axes."
        )
    if endpoint:
        features = network.get_layer(endpoint).output
    outputs = {"features": features}
    if kind == CLASSIFICATION:
        outputs["logits"] = network.outputs[0]
    part = keras.Model(network.inputs, outputs)

    def forward(frames, training):
        return part(frames, training=training)

    return Part(forward, [part], 1, kind, endpoint, task=task)
