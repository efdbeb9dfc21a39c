"""One clip around a keyframe, with its boxes."""

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config import ClipRecipe
from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.data.colour_jitter import random_jitter
from d3d_tf.data.crops import random_geometry
from d3d_tf.data.decode import decode_frames, parse
from d3d_tf.data.one_clip import draw_of
from d3d_tf.detector.boxes import cropped
from d3d_tf.detector.sampling import choose
from d3d_tf.tasks.detection.target import Persons

_SCORE = schema.PROPOSAL + "score"


def parse_keyframe(record, streams, num_classes: int) -> dict:
    """As `decode.parse`, and what else is known of the keyframe.

    Returns:
      Also `keyframe`, int32 scalar, its place among the frames, and
      `proposals`, float32 `[N, 5]`: y1, x1, y2, x2 as shares, and the score.
    """
    video = parse(record, streams, Persons(), num_classes)
    names = [*(schema.PROPOSAL + side for side in schema.SIDES), _SCORE]
    context, lists = tf.io.parse_single_sequence_example(
        record,
        context_features={
            schema.KEYFRAME_INDEX: tf.io.FixedLenFeature([], tf.int64)
        },
        sequence_features={
            name: tf.io.VarLenFeature(tf.float32) for name in names
        },
    )
    return video | {
        "keyframe": tf.cast(context[schema.KEYFRAME_INDEX], tf.int32),
        "proposals": tf.stack([lists[name].values for name in names], 1),
    }


def around(keyframe, length, clip: ClipRecipe):
    """Frame indices of a clip, `frames // 2` of them before the keyframe.

    Beyond the ends of what is stored the last frame stays, as in other tools.
    """
    steps = tf.range(clip.frames) - clip.frames // 2
    return tf.clip_by_value(keyframe + clip.stride * steps, 0, length - 1)


def training_clip(
    record, epoch, clip: ClipRecipe, detector: DetectorRecipe, seed: int, read
):
    """A random crop, which may be mirrored, and boxes in it; see `choose`.

    Args:
      record: string scalar.
      epoch: integer scalar.
      clip: length, size and what is drawn.
      detector: which boxes are learned.
      seed: of all draws.
      read: record and streams to what `parse_keyframe` gives.

    Returns:
      `({"frames", "boxes"}, lesson)` without the batch axis; frames are not
      yet scaled, boxes are shares of the crop. With an RPN boxes are chosen
      later: `({"frames", "persons", "proposals", "seed"}, persons)`, what
      `choose` takes.
    """
    video = read(record, ("frames",))
    draw = draw_of(video["id"], epoch, seed)
    geometry = random_geometry(
        *(video[key] for key in ("length", "height", "width")),
        clip=clip,
        seed=draw,
    )
    frames = around(video["keyframe"], video["length"], clip)
    geometry = geometry._replace(indices=frames)
    persons, proposals = video["label"], video["proposals"]
    size = video["height"], video["width"]
    persons = tf.concat(
        [cropped(persons[:, :4], geometry, *size), persons[:, 4:]], 1
    )
    good = proposals[:, 4] >= detector.least_score
    found = cropped(tf.boolean_mask(proposals[:, :4], good), geometry, *size)
    # Another stream than those of crop and colours.
    own = tf.random.experimental.stateless_fold_in(draw, 3)
    jitter = random_jitter(clip, draw)
    pixels = decode_frames(video["frames"], geometry, jitter)
    if detector.rpn:
        raw = {"persons": persons, "proposals": found, "seed": own}
        return {"frames": pixels} | raw, persons
    boxes, lesson = choose(persons, found, detector, own)
    return {"frames": pixels, "boxes": boxes}, lesson


def whole_clip(record, clip: ClipRecipe, short_side: int, read) -> dict:
    """The whole frames around a keyframe, as networks are scored on them.

    Args:
      record: string scalar.
      clip: length and stride.
      short_side: of the frames, in pixels; 0: they stay as stored.
      read: record and streams to what `parse_keyframe` gives.

    Returns:
      `id`, `frames` `[time, height, width, 3]` of 0..255, `persons` and
      `proposals` as they are in the record.
    """
    video = read(record, ("frames",))
    frames = around(video["keyframe"], video["length"], clip)
    pixels = tf.map_fn(
        lambda picture: tf.io.decode_jpeg(picture, 3),
        tf.gather(video["frames"], frames),
        fn_output_signature=tf.TensorSpec([None, None, 3], tf.uint8),
    )
    return {
        "id": video["id"],
        "frames": shown(pixels, short_side),
        "persons": video["label"],
        "proposals": video["proposals"],
    }


def shown(pixels, short_side: int):
    """Whole frames as networks are scored on them, not yet scaled to a range.

    Args:
      pixels: uint8 `[time, height, width, 3]`.
      short_side: in pixels; 0: they stay as they are.
    """
    if not short_side:
        return pixels
    sides = tf.cast(tf.shape(pixels)[1:3], tf.float32)
    sides = sides * short_side / tf.reduce_min(sides)
    return tf.image.resize(pixels, tf.cast(tf.round(sides), tf.int32))
