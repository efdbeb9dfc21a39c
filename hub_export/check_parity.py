"""Whether what was saved is what it was saved from."""

import dataclasses

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.errors import UserError
from d3d_tf.hub_export.cut_network import Part, cut
from d3d_tf.hub_export.rounding import (
    TOLERANCE,
    difference,
    last_bit,
    sensitivity,
)
from d3d_tf.hub_export.signature_inputs import ClipSpec
from d3d_tf.models.network import VideoNetwork, rebuilt

# Of a way whose answer is a sum of squares of weights: no network enlarges it.
REGULARIZATION = "regularization"


@dataclasses.dataclass(frozen=True)
class Reference:
    """What a network says of random clips.

    Attributes:
      pixels: uint8 `[2, frames, size, size, 3]`.
      outputs: by name, of the network.
      sensitivity: how far last bits move them; see `rounding`.
    """

    pixels: np.ndarray
    outputs: dict
    sensitivity: float


def make_reference(network, part: Part, clip: ClipSpec) -> Reference:
    """Asks a network for what its module will be compared with.

    Raises:
      UserError: its outputs are not finite.
    """
    pixels = np.random.default_rng(0).integers(
        0, 256, [2, clip.frames, clip.size, clip.size, 3], np.uint8
    )
    frames = part.pixels.from_unit(to_unit(pixels))
    outputs = _outputs(part, frames)
    if "logits" in outputs:
        # Not by way of the part, which is compared, too.
        logits = network(tf.constant(frames), training=False)
        outputs = part.with_probabilities(outputs | {"logits": logits})
    moved = sensitivity(_in_last_bits(network, part, frames), outputs)
    require_finite(outputs | {"outputs": moved})
    return Reference(pixels, outputs, moved)


def require_finite(outputs: dict) -> None:
    """Refuses a network whose answers to a random clip are not finite.

    Args:
      outputs: by name.

    Raises:
      UserError: they are not.
    """
    for name, value in outputs.items():
        if not np.isfinite(value).all():
            raise UserError(
                f"The network's {name} of a random clip are not finite, as "
                "after a training that diverged. Nothing was published."
            )


def largest_differences(
    network,
    part: Part,
    module,
    clip: ClipSpec,
    reference: Reference | None = None,
) -> dict[str, float]:
    """Between the network and each way into the saved module.

    Of all outputs, in units of the largest value of that output, if it is
    above 1: rounding grows with it. `regularization` compares the sum of the
    penalties with what Keras adds to the loss.

    Args:
      network, part: what was saved.
      module: as `hub.load` gives it, which takes seconds: once is enough.
      clip: what its signatures accept.
      reference: of `make_reference`, if it was made already.

    Raises:
      UserError: the network's own outputs are not finite.
    """
    reference = reference or make_reference(network, part, clip)
    pixels, expected = reference.pixels, reference.outputs
    unit = to_unit(pixels)
    main = "logits" if "logits" in expected else "features"
    given = {
        "serving_default": unit,
        "frames_uint8": pixels,
        "frames_encoded": encoded_png(_in_the_middle(pixels, clip)),
    }
    found = {
        "reloaded": {main: module(unit, training=False)},
        "infer": {main: module.infer(unit)},
        "keras_layer": {main: hub.KerasLayer(module)(unit)},
    } | {
        name: module.signatures[name](frames=tf.constant(frames))
        for name, frames in given.items()
    }
    return compared(expected, found, module, part.layers)


def compared(
    expected: dict, found: dict[str, dict], module, layers: list
) -> dict[str, float]:
    """The largest difference of each way, and of the penalties.

    Args:
      expected: outputs by name.
      found: some of these outputs, by way.
      module: as `hub.load` gives it.
      layers: of the network that the module has.
    """
    differences = {
        way: float(
            np.max([difference(expected[k], v) for k, v in outputs.items()])
        )
        for way, outputs in found.items()
    }
    theirs = [loss() for loss in module.regularization_losses]
    ours = [loss for layer in layers for loss in layer.losses]
    differences[REGULARIZATION] = difference(
        tf.add_n(ours) if ours else tf.zeros([]),
        tf.add_n(theirs) if theirs else tf.zeros([]),
    )
    return differences


def outside(differences: dict[str, float], allowed: float) -> list[str]:
    """The ways that differ by more than is allowed."""
    # NaN is no more than anything, and no less.
    return [
        way
        for way, value in differences.items()
        if not value <= (TOLERANCE if way == REGULARIZATION else allowed)
    ]


def _in_last_bits(network, part: Part, frames: np.ndarray):
    """What a network says if all that goes in is changed in its last bit.

    The weights in a copy, of our networks: others are never folded.
    """
    copy = copied = None
    if isinstance(network, VideoNetwork):
        copy = rebuilt(network)
        copied = cut(copy, part.kind, part.endpoint, part.task)

    def answer(draw: int) -> dict:
        if copy is not None:
            weights = network.get_weights()
            copy.set_weights([last_bit(w, draw) for w in weights])
        return _outputs(copied or part, last_bit(frames, draw))

    return answer


def _outputs(part: Part, frames: np.ndarray) -> dict:
    return part.with_probabilities(part.forward(tf.constant(frames), False))


def to_unit(pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels as float32 in [0, 1]."""
    return (pixels / 255).astype(np.float32)


def _in_the_middle(pixels: np.ndarray, clip: ClipSpec) -> np.ndarray:
    """The clips in the middle of larger frames."""
    room = clip.short_side - clip.size
    border = (room // 2, room - room // 2)
    return np.pad(pixels, [(0, 0), (0, 0), border, border, (0, 0)])


def encoded_png(pixels: np.ndarray) -> np.ndarray:
    """The frames `[batch, time, ...]` as PNGs, which lose nothing."""
    return np.array(
        [
            [tf.io.encode_png(frame).numpy() for frame in frames]
            for frames in pixels
        ]
    )
