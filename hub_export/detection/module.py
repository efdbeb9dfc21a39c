"""The object that is saved of a detector, and its signatures."""

import tensorflow as tf

from d3d_tf.detector.boxes import is_there
from d3d_tf.detector.network import Detector
from d3d_tf.hub_export.detection.inputs import (
    KeyframeSpec,
    byte_frames,
    checked_boxes,
    encoded_frames,
    unit_frames,
)
from d3d_tf.hub_export.saved_module import (
    ACCEPTED,
    FRAMES,
    SEED,
    finite,
    folded_network,
    penalties,
    traced,
)

BOXES = tf.TensorSpec([None, None, 4], tf.float32, "boxes")


def make_module(
    detector: Detector, clip: KeyframeSpec, *, fold: bool = True
) -> tuple[tf.train.Checkpoint, dict]:
    """What `hub.KerasLayer` loads and fine-tunes, and TF Serving serves.

    `module({"frames": ..., "boxes": ...}, training)` takes float32 `[batch,
    time, height, width, 3]` RGB in [0, 1] and float32 `[batch, N, 4]`, y1, x1,
    y2, x2 as shares of the frame, and returns `logits`, float32 `[batch, N,
    actions]`, and `boxes`, where the persons are thought to be. All lengths are
    free. `module.infer` and `module.train` are the same for either value of
    `training`.

    Args:
      detector: with its variables.
      clip: what the signatures accept.
      fold: whether the signatures compute with the folded backbone.

    Returns:
      The object to save, and its signatures, see `inputs`: `serving_default`,
      `frames_uint8` and `frames_encoded`, of `frames` and `boxes`, or, of a
      detector with an RPN, of `frames` alone. They return `probabilities` and
      `boxes`; both are 0 of boxes without an area.

    Raises:
      FoldError: the folded backbone is not what the backbone is.
    """
    module = tf.train.Checkpoint()
    module.__call__, module.infer, module.train = _calls(detector)
    layers = asked_layers(detector)
    used = {id(v) for layer in layers for v in layer.variables}
    module.variables = [v for v in detector.variables if id(v) in used]
    module.trainable_variables = [v for v in module.variables if v.trainable]
    module.regularization_losses = penalties(layers)
    served = _served(detector, fold)
    return module, _signatures(served, clip, boxes=detector.persons is None)


def asked_layers(detector: Detector) -> list:
    """Those that an answer passes: not the backbone's head, for one."""
    trunk = detector.backbone.trunk.layers_up_to(detector.recipe.endpoint)
    own = [detector.actions, detector.offsets, detector.persons]
    return [*trunk, *detector.tail, *(layer for layer in own if layer)]


def _calls(detector: Detector) -> tuple:
    """The functions `__call__`, `infer` and `train` of a module."""

    def forward(unit, boxes, training):
        # As in `saved_module`: of this graph alone.
        tf.compat.v1.set_random_seed(SEED)
        frames = detector.pixels.from_unit(unit)
        logits, offsets = detector(
            {"frames": frames, "boxes": boxes}, training=training
        )
        return {"logits": logits, "boxes": detector.where(boxes, offsets)}

    inner = {
        training: traced(FRAMES, BOXES)(
            lambda unit, boxes, training=training: forward(
                unit, boxes, training
            )
        ).get_concrete_function()
        for training in (False, True)
    }

    def answer(inputs, training):
        frames, boxes = inputs["frames"], inputs["boxes"]
        scale = 255.0 if frames.dtype == tf.uint8 else 1.0
        unit = tf.cast(frames, tf.float32) / scale
        return inner[training](unit, tf.cast(boxes, tf.float32))

    @traced()
    def call(inputs, training=False):
        return answer(inputs, training)

    # `hub.KerasLayer` asks for a trace of either value, and a policy of mixed
    # precision casts what a layer is given.
    for dtype in ACCEPTED:
        float_ = tf.float32 if dtype == tf.uint8 else dtype
        specs = {
            "frames": tf.TensorSpec(FRAMES.shape, dtype),
            "boxes": tf.TensorSpec(BOXES.shape, float_),
        }
        for training in (False, True):
            call.get_concrete_function(specs, training=training)
    specs = {"frames": FRAMES, "boxes": BOXES}
    infer = traced(specs)(lambda inputs: answer(inputs, False))
    train = traced(specs)(lambda inputs: answer(inputs, True))
    return call, infer, train


def _served(detector: Detector, fold: bool):
    """What all signatures run: frames in [0, 1] and boxes to their outputs."""
    trunk, scaled = detector.backbone.trunk, detector.pixels.from_unit
    if fold:
        folded, scaled = folded_network(detector.backbone)
        trunk = folded.trunk

    def answer(unit, boxes):
        # As in `saved_module`, a black clip stands in for an empty batch.
        count = tf.shape(unit)[0]
        black = tf.cast(tf.equal(count, 0), tf.int32)
        unit = tf.pad(unit, [[0, black], *[[0, 0]] * 4])
        features = detector.features_of(trunk, scaled(unit))
        if detector.persons is None:
            boxes = tf.pad(boxes, [[0, black], [0, 0], [0, 0]])
            probabilities, where = detector.detect_in(features, boxes)
        else:
            boxes, _ = detector.find_in(unit[:, tf.shape(unit)[1] // 2])
            probabilities, where = detector.detect_found(features, boxes)
        there = tf.cast(is_there(boxes), tf.float32)
        found = {"probabilities": probabilities, "boxes": where}
        return {k: finite(v * there)[:count] for k, v in found.items()}

    if detector.persons is not None:
        return traced(FRAMES)(lambda unit: answer(unit, None))
    return traced(FRAMES, BOXES)(answer)


def _signatures(served, clip: KeyframeSpec, *, boxes: bool) -> dict:
    """The functions that TF Serving calls; see `make_module`.

    Args:
      served: from `_served`.
      clip: what they accept.
      boxes: whether they are asked about boxes.
    """
    axes = [None] * 4 + [3]
    ways = {
        "serving_default": (axes, tf.float32, unit_frames),
        "frames_uint8": (axes, tf.uint8, byte_frames),
        "frames_encoded": ([None, None], tf.string, encoded_frames),
    }

    def signature(shape, dtype, read):
        spec = tf.TensorSpec(shape, dtype, "frames")
        if not boxes:
            return traced(spec)(lambda frames: served(read(frames, clip)))

        @traced(spec, BOXES)
        def about_boxes(frames, boxes):
            # First, as it costs nothing.
            asked = checked_boxes(boxes, frames)
            return served(read(frames, clip), asked)

        return about_boxes

    return {name: signature(*way) for name, way in ways.items()}
