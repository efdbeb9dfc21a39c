"""A record of YouTube-8M, as it is published, to tensors."""

import numpy as np
import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.streams import AUDIO_FEATURES, CHANNELS, RGB_FEATURES
from d3d_tf.tasks import YOUTUBE8M, task_of

# From a byte to a feature: of the range from -2 to 2, with the kit's rounding.
_SCALE, _SHIFT = np.float32(4 / 255), np.float32(4 / 512 - 2)


def parse_video(record, num_classes: int | None, video_level: bool) -> dict:
    """A serialized record to its tensors.

    Args:
      record: string scalar.
      num_classes: of the labels; None: they are not read, whatever they are.
      video_level: see `FeatureFiles`.

    Returns:
      `id`, string scalar; `features`, float32 `[300, 1152]` (video-level: `[1,
      1152]`), zeros after the last frame; `frames`, int32 scalar, at most 300;
      `label`, float32 `[num_classes]`, 0 or 1, or `[0]`.

    Raises:
      tf.errors.InvalidArgumentError: it has other features, or a label that is
        no class; the text has its id.
    """
    names = tf.io.FixedLenFeature([], tf.string, "")
    context = {
        "id": names,
        "video_id": names,
        "labels": tf.io.VarLenFeature(tf.int64),
    }
    sizes = {"rgb": RGB_FEATURES, "audio": AUDIO_FEATURES}
    if video_level:
        means = {
            f"mean_{name}": tf.io.FixedLenFeature([size], tf.float32)
            for name, size in sizes.items()
        }
        found = tf.io.parse_single_example(record, context | means)
        features = tf.concat([found[name] for name in means], axis=0)[None]
        frames = tf.constant(1)
    else:
        lists = {
            name: tf.io.FixedLenSequenceFeature([], tf.string) for name in sizes
        }
        found, values = tf.io.parse_single_sequence_example(
            record, context, lists
        )
        features, frames = _frames(values, sizes, _id(found))
    return {
        "id": _id(found),
        "features": features,
        "frames": frames,
        "label": _label(found, num_classes),
    }


def _label(found: dict, num_classes: int | None):
    if num_classes is None:
        return tf.zeros([0])
    labels = found["labels"].values
    known = tf.reduce_all((labels >= 0) & (labels < num_classes))
    _require(known, _id(found), f"a label that is none of {num_classes}")
    return task_of(YOUTUBE8M).target.parse(
        {schema.LABEL_INDEX: found["labels"]}, num_classes
    )


def dequantised(features):
    """Bytes, uint8 of any shape, as float32 features, to the kit's bit."""
    return tf.cast(features, tf.float32) * _SCALE + _SHIFT


def _id(context: dict):
    """The release of 2017 calls it `video_id`."""
    return tf.strings.join([context["id"], context["video_id"]])


def _require(good, id_, problem: str) -> None:
    tf.debugging.Assert(good, ["Video", id_, f"has {problem}"])


def _frames(values: dict, sizes: dict[str, int], id_) -> tuple:
    """Features `[300, 1152]` and the number of frames."""
    counts = [tf.shape(values[name])[0] for name in sizes]
    _require(counts[0] == counts[1], id_, "not as many frames as sounds")
    parts = []
    for name, size in sizes.items():
        frames = values[name][:MAX_FRAMES]
        right = tf.reduce_all(tf.strings.length(frames) == size)
        _require(right, id_, f"a frame whose {name} is not of {size} bytes")
        bytes_ = tf.reshape(tf.io.decode_raw(frames, tf.uint8), [-1, size])
        parts.append(dequantised(bytes_))
    features = tf.concat(parts, axis=1)
    count = tf.minimum(counts[0], MAX_FRAMES)
    padded = tf.pad(features, [[0, MAX_FRAMES - count], [0, 0]])
    return tf.ensure_shape(padded, [MAX_FRAMES, CHANNELS["features"]]), count
