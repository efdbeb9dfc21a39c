"""A record of YouTube-8M, as it is published, to tensors."""

from collections.abc import Callable, Mapping

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.streams import FEATURES
from d3d_tf.tasks import YOUTUBE8M, task_of

# From a byte to a feature: the range from -2 to 2, and half a step, as the kit.
_LOWEST = 4 / 512 - 2
_CONTEXT = {
    "id": tf.io.FixedLenFeature([], tf.string, ""),
    "video_id": tf.io.FixedLenFeature([], tf.string, ""),
    "labels": tf.io.VarLenFeature(tf.int64),
}


def parse_video(
    record,
    num_classes: int | None,
    video_level: bool,
    widths: Mapping[str, int] = FEATURES,
    choose: Callable | None = None,
) -> dict:
    """A serialized record to its tensors.

    Args:
      record: string scalar.
      num_classes: of the labels; None: they are not read, whatever they are.
      video_level: see `FeatureFiles`.
      widths: how many features a frame has, N in all; see `FEATURES`.
      choose: id and number of frames, scalars, to what `places_and_count`
        gives: k frames, the only ones that are decoded. None: all.

    Returns:
      `id`, string scalar; `features`, float32 `[300, N]`, zeros after the last
      frame (with `choose` `[k, N]`; video-level: `[1, N]`); `frames`, int32
      scalar, how many of these are the video's; `label`, float32
      `[num_classes]`, 0 or 1, or `[0]`.

    Raises:
      tf.errors.InvalidArgumentError: it has other features, or a label that is
        no class; the text has its id.
    """
    sizes = {name: width for name, width in widths.items() if width}
    if video_level:
        found, features, frames = _read_means(record, sizes)
    else:
        found, features, frames = _read_frames(record, sizes, choose)
    return {
        "id": _id(found),
        "features": features,
        "frames": frames,
        "label": _label(found, num_classes),
    }


def _read_means(record, sizes: dict[str, int]) -> tuple:
    """Context, features and number of frames of a video-level record."""
    means = {
        f"mean_{name}": tf.io.FixedLenFeature([size], tf.float32)
        for name, size in sizes.items()
    }
    found = tf.io.parse_single_example(record, _CONTEXT | means)
    features = tf.concat([found[name] for name in means], axis=0)[None]
    return found, features, tf.constant(1)


def _read_frames(record, sizes: dict[str, int], choose) -> tuple:
    lists = {
        name: tf.io.FixedLenSequenceFeature([], tf.string) for name in sizes
    }
    found, values = tf.io.parse_single_sequence_example(record, _CONTEXT, lists)
    frames, places = _checked_count(values, sizes, _id(found)), None
    if choose is not None:
        places, frames = choose(_id(found), frames)
    return found, _features(values, sizes, places), frames


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
    # In one pass over memory.
    codes = tf.bitcast(features, tf.quint8)
    return tf.quantization.dequantize(codes, _LOWEST, _LOWEST + 4)


def _id(context: dict):
    """The release of 2017 calls it `video_id`."""
    return tf.strings.join([context["id"], context["video_id"]])


def _require(good, id_, problem: str) -> None:
    # `tf.debugging.Assert` would branch, which takes longer than to look.
    data = ["Video", id_, f"has {problem}"]
    tf.raw_ops.Assert(condition=good, data=data, summarize=3)


def _checked_count(values: dict, sizes: dict[str, int], id_):
    """How many frames are read; all are as wide as they should be."""
    counts = [tf.shape(values[name])[0] for name in sizes]
    _require(counts[0] == counts[-1], id_, "not as many frames as sounds")
    for name, size in sizes.items():
        lengths = tf.strings.length(values[name][:MAX_FRAMES])
        right = tf.reduce_all(lengths == size)
        _require(right, id_, f"a frame whose {name} is not of {size} bytes")
    return tf.minimum(counts[0], MAX_FRAMES)


def _features(values: dict, sizes: dict[str, int], places):
    """Float32 `[300, N]`, or the frames at the places, `[k, N]`."""
    parts = []
    for name, size in sizes.items():
        frames = values[name][:MAX_FRAMES]
        if places is not None:
            # One more stands for all that are padding.
            frames = tf.concat([frames, [b"\0" * size]], axis=0)
            frames = tf.gather(
                frames, tf.minimum(places, tf.shape(frames)[0] - 1)
            )
        bytes_ = tf.io.decode_raw(frames, tf.uint8)
        parts.append(tf.reshape(bytes_, [-1, size]))
    features = dequantised(tf.concat(parts, axis=1))
    count = tf.shape(values["rgb"])[0]
    if places is not None:
        there = (places < tf.minimum(count, MAX_FRAMES))[:, None]
        return tf.where(there, features, 0.0)
    missing = tf.maximum(MAX_FRAMES - count, 0)
    padded = tf.pad(features, [[0, missing], [0, 0]])
    return tf.ensure_shape(padded, [MAX_FRAMES, sum(sizes.values())])
