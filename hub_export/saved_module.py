"""The object that is saved: a Reusable SavedModel of one network.

Not `model.save`: Keras 2 keeps only the regularisation losses of direct
sub-layers there, and traces the length of the clip it saw first.
"""

import contextlib

import tensorflow as tf

from d3d_tf.hub_export.cut_network import Part, cut
from d3d_tf.hub_export.signature_inputs import (
    ClipSpec,
    byte_frames,
    encoded_frames,
    unit_frames,
)
from d3d_tf.models.network import VideoNetwork

SEED = 0  # Of a module's dropout.
_AXES = [None, None, None, None, 3]
FRAMES = tf.TensorSpec(_AXES, tf.float32, "frames")
# A mixed-precision policy casts what a layer is given; bytes are cast by us.
ACCEPTED = (tf.float32, tf.float16, tf.bfloat16, tf.uint8)


def make_module(
    network, part: Part, clip: ClipSpec, *, fold: bool = True
) -> tuple[tf.train.Checkpoint, dict]:
    """What `hub.KerasLayer` loads and fine-tunes, and TF Serving serves.

    `module(frames, training)` takes `[batch, time, height, width, 3]` RGB,
    floats in [0, 1], TF-Hub's convention, or uint8, and returns float32:
    logits `[batch, num_classes]`, or the features of a part without logits.
    Batch, time and size are free. `module.infer(frames)` and
    `module.train(frames)` are the same for float32 and either value of
    `training`, for Keras 3's TFSMLayer.

    Args:
      network: frames, scaled as the part says, to logits; with variables.
      part: of the network, from `cut`.
      clip: what the signatures accept.
      fold: whether the signatures compute with the folded network, if it is
        a `VideoNetwork`.

    Returns:
      The object to save and its signatures, see `inputs`: `serving_default`,
      `frames_uint8` and `frames_encoded`, each of one argument `frames`. They
      return `features` and, of a part with logits, `logits` and
      `probabilities`.

    Raises:
      FoldError: the folded network is not what the network is.
    """
    inner = _functions(network, part)
    served = _served(network, part, clip, inner[False], fold)
    module = tf.train.Checkpoint()
    module.__call__, module.infer, module.train = _calls(inner)
    module.variables = part.variables_of(network)
    module.trainable_variables = [v for v in module.variables if v.trainable]
    module.regularization_losses = penalties(part.layers)
    return module, _signatures(served, clip)


def _calls(inner: dict) -> tuple:
    """The functions `__call__`, `infer` and `train` of a module.

    Args:
      inner: from `_functions`.
    """

    def answer(unit, training):
        made = inner[training](unit)
        return made.get("logits", made["features"])

    @traced()
    def call(frames, training=False):
        if frames.dtype == tf.uint8:
            return answer(tf.cast(frames, tf.float32) / 255.0, training)
        return answer(tf.cast(frames, tf.float32), training)

    # `hub.KerasLayer` asks for a trace of either value.
    for dtype in ACCEPTED:
        for training in (False, True):
            spec = tf.TensorSpec(_AXES, dtype, "frames")
            call.get_concrete_function(spec, training=training)

    @traced(FRAMES)
    def infer(frames):
        return answer(frames, False)

    @traced(FRAMES)
    def train(frames):
        return answer(frames, True)

    return call, infer, train


def _signatures(served, clip: ClipSpec) -> dict:
    """The functions that TF Serving calls; see `make_module`."""
    square = [None, None, clip.size, clip.size, 3]

    @traced(tf.TensorSpec(square, tf.float32, "frames"))
    def serving_default(frames):
        return served(unit_frames(frames, clip))

    @traced(tf.TensorSpec(square, tf.uint8, "frames"))
    def frames_uint8(frames):
        return served(byte_frames(frames, clip))

    @traced(tf.TensorSpec([None, None], tf.string, "frames"))
    def frames_encoded(frames):
        return served(encoded_frames(frames, clip))

    return {
        "serving_default": serving_default,
        "frames_uint8": frames_uint8,
        "frames_encoded": frames_encoded,
    }


def traced(*signature):
    """`tf.function`; no module needs autograph, which is slow."""
    return tf.function(input_signature=signature or None, autograph=False)


def penalties(layers: list) -> list:
    """A function without arguments per regularised weight, however deep."""
    inner = {
        id(layer): layer for top in layers for layer in (top, *top.submodules)
    }
    found = []
    for layer in inner.values():
        for name, regularizer in vars(layer).items():
            if name.endswith("_regularizer") and regularizer is not None:
                weight = getattr(layer, name.removesuffix("_regularizer"), None)
                if weight is not None:
                    found.append(_penalty(regularizer, weight))
    return found


def _penalty(regularizer, weight):
    @tf.function(input_signature=[], autograph=False)
    def penalty():
        return regularizer(weight)

    return penalty


def _functions(network, part: Part) -> dict:
    """`{training: function of frames in [0, 1]}`."""
    return by_training(
        network,
        lambda unit, training: part.forward(
            part.pixels.from_unit(unit), training
        ),
        FRAMES,
    )


def by_training(network, forward, *signature) -> dict:
    """`{training: function}` of what a module computes, float32.

    Args:
      network: whose variables it uses.
      forward: tensors and, last, `training` to outputs by name.
      signature: specs of the tensors.
    """

    def run(*given):
        # Of this graph alone. Dropout without a seed is refused where people
        # ask for determinism.
        tf.compat.v1.set_random_seed(SEED)
        return {
            name: tf.cast(value, tf.float32)
            for name, value in forward(*given).items()
        }

    functions = {
        training: traced(*signature)(
            lambda *tensors, training=training: run(*tensors, training)
        )
        for training in (False, True)
    }
    # What uses variables of several replicas is traced anew while it is saved.
    if any(
        isinstance(v, tf.distribute.DistributedValues)
        for v in network.variables
    ):
        return functions
    return {t: f.get_concrete_function() for t, f in functions.items()}


def _served(network, part: Part, clip: ClipSpec, inner, fold: bool):
    """What all signatures run: frames in [0, 1] to their outputs.

    One function, so that its constants are saved once.

    Args:
      inner: the network's own function. It serves other networks than ours.
      fold: whether ours are folded.
    """
    if fold and isinstance(network, VideoNetwork):
        inner = _folded_function(network, part)

    square = [None, None, clip.size, clip.size, 3]

    @traced(tf.TensorSpec(square, tf.float32, "frames"))
    def served(unit):
        # Grappler's fused kernels refuse an empty batch: a black clip stands
        # in for it, and nothing of its answer is returned. Not by `tf.cond`,
        # behind which OpenVINO 2026.4 reads memory that is not the clip's;
        # padding by nothing costs nothing.
        count = tf.shape(unit)[0]
        black = tf.cast(tf.equal(count, 0), tf.int32)
        unit = tf.pad(unit, [[0, black], *[[0, 0]] * 4])
        return {
            name: finite(value[:count])
            for name, value in part.with_probabilities(inner(unit)).items()
        }

    return served


def _folded_function(network: VideoNetwork, part: Part):
    """Frames in [0, 1] to the outputs of the folded network."""
    folded, scaled = folded_network(network)
    constant = cut(folded, part.kind, part.endpoint, part.task)
    return lambda unit: constant.forward(scaled(unit), False)


def folded_network(network: VideoNetwork) -> tuple:
    """The folded network, and what makes its input of frames in [0, 1].

    Raises:
      FoldError: the folded network is not what the network is.
    """
    folded = network.folded(verified=True)
    mean, std = network.pixels.mean, network.pixels.std
    # In one pass less, and to the bit where std is a power of two: the first
    # kernel does the scaling.
    if not folded.scale_input(tuple(1 / s for s in std)):
        return folded, network.pixels.from_unit
    # One number where it is the same for all colours, as constants go.
    shift = mean[0] if len(set(mean)) == 1 else tf.constant(mean)
    return folded, lambda unit: unit - shift


def finite(outputs):
    """The outputs, once it is sure that they are numbers."""
    return tf.debugging.check_numerics(outputs, "the answer is not finite")


@contextlib.contextmanager
def without_recompute(network):
    """While a network is saved: a saved function has no gradient of its own."""
    layers = [
        layer
        for layer in network.submodules
        if getattr(layer, "recompute", False)
    ]
    for layer in layers:
        layer.recompute = False
    try:
        yield
    finally:
        for layer in layers:
            layer.recompute = True
