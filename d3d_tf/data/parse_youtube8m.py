"""Records of YouTube-8M, as they are published, to tensors of a batch.

TensorFlow parses a batch in about half the time of one record after the other,
and what stays bytes until it is batched is a quarter to move.
"""

from collections.abc import Callable, Mapping

import tensorflow as tf

from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.streams import FEATURES

# From a byte to a feature: the range from -2 to 2, and half a step, as the kit.
_LOWEST = 4 / 512 - 2
_CONTEXT = {
    "id": tf.io.FixedLenFeature([], tf.string, ""),
    "video_id": tf.io.FixedLenFeature([], tf.string, ""),
    "labels": tf.io.VarLenFeature(tf.int64),
}


def parse_videos(
    records,
    num_classes: int | None,
    video_level: bool,
    widths: Mapping[str, int] = FEATURES,
    choose: Callable | None = None,
) -> dict:
    """Serialized records to their tensors; bytes are left for `features_of`.

    Args:
      records: string `[batch]`.
      num_classes: of the labels; None: they are not read, whatever they are.
      video_level: see `FeatureFiles`.
      widths: how many features a frame has, N in all; see `FEATURES`.
      choose: ids and numbers of frames, `[batch]`, to what `places_and_counts`
        gives: k frames, the only ones that are read. None: all.

    Returns:
      `id`, string `[batch]`; `stored`, uint8 `[batch, 300, N]` (with `choose`
      `[batch, k, N]`; video-level: float32 `[batch, 1, N]`); `there`, bool
      `[batch, 300 or k or 1]`, where it holds a frame; `frames`, int32
      `[batch]`, how many of these are the video's; `label`, float32 `[batch,
      num_classes]`, 0 or 1, or `[batch, 0]`.

    Raises:
      tf.errors.InvalidArgumentError: one has other features, or a label that is
        no class; the text has its id.
    """
    sizes = {name: width for name, width in widths.items() if width}
    if video_level:
        context, read = _read_means(records, sizes)
    else:
        context, read = _read_frames(records, sizes, choose)
    labels = _labels(context, num_classes)
    return {"id": _ids(context), "label": labels} | read


def features_of(videos: dict):
    """Float32 `[batch, frames, N]` of `parse_videos`, zeros for padding."""
    stored, there = videos["stored"], videos["there"]
    if stored.dtype != tf.uint8:
        return stored
    features = dequantised(stored)
    # Where nothing is missing, a pass over memory less.
    return tf.cond(
        tf.reduce_all(there),
        lambda: features,
        # In place, and no zero is negative.
        lambda: tf.math.multiply_no_nan(
            features, tf.cast(there, tf.float32)[..., None]
        ),
    )


def _read_means(records, sizes: dict[str, int]) -> tuple[dict, dict]:
    """Context of video-level records, and what `parse_videos` returns."""
    means = {
        f"mean_{name}": tf.io.FixedLenFeature([size], tf.float32)
        for name, size in sizes.items()
    }
    found = tf.io.parse_example(records, _CONTEXT | means)
    stored = tf.concat([found[name] for name in means], axis=1)[:, None]
    there = tf.ones_like(stored[:, :, 0], tf.bool)
    frames = tf.ones_like(there[:, 0], tf.int32)
    return found, {"stored": stored, "there": there, "frames": frames}


def _read_frames(records, sizes: dict[str, int], choose) -> tuple[dict, dict]:
    """As `_read_means`, of frame-level records."""
    lists = {
        name: tf.io.FixedLenSequenceFeature([], tf.string) for name in sizes
    }
    context, values, lengths = tf.io.parse_sequence_example(
        records, _CONTEXT, lists
    )
    counts = _checked_counts(values, lengths, sizes, _ids(context))
    places, frames = tf.range(MAX_FRAMES)[None], counts
    # One at least, so that there is something to take.
    time = MAX_FRAMES if choose is None else 1
    values = {name: _padded(found, time) for name, found in values.items()}
    if choose is not None:
        places, frames = choose(_ids(context), counts)
        # Any frame stands for padding.
        at = tf.minimum(places, tf.maximum(tf.reduce_max(counts) - 1, 0))
        values = {
            name: tf.gather(found, at, batch_dims=1)
            for name, found in values.items()
        }
    parts = [
        tf.io.decode_raw(values[name], tf.uint8, fixed_length=size)
        for name, size in sizes.items()
    ]
    shape = [None, places.shape[1], sum(sizes.values())]
    return context, {
        "stored": tf.ensure_shape(tf.concat(parts, axis=2), shape),
        "there": places < counts[:, None],
        "frames": frames,
    }


def _padded(frames, time: int):
    """Strings `[batch, time]` at least and 300 at most; padding is empty."""
    frames = frames[:, :MAX_FRAMES]
    missing = tf.maximum(time - tf.shape(frames)[1], 0)
    return tf.pad(frames, [[0, 0], [0, missing]], constant_values="")


def _labels(context: dict, num_classes: int | None):
    ids, labels = _ids(context), context["labels"].values
    if num_classes is None:
        return tf.zeros([tf.size(ids), 0])
    videos = context["labels"].indices[:, 0]
    known = (labels >= 0) & (labels < num_classes)
    problem = f"a label that is none of {num_classes}"
    _require(known, tf.gather(ids, videos), problem)
    # What is refused must not fail here first, without a word of whose it is.
    labels = tf.where(known, labels, 0)
    return tf.tensor_scatter_nd_update(
        tf.zeros([tf.size(ids), num_classes]),
        tf.stack([videos, labels], axis=1),
        tf.ones_like(labels, tf.float32),
    )


def dequantised(features):
    """Bytes, uint8 of any shape, as float32 features, to the kit's bit."""
    # In one pass over memory.
    codes = tf.bitcast(features, tf.quint8)
    return tf.quantization.dequantize(codes, _LOWEST, _LOWEST + 4)


def _ids(context: dict):
    """The release of 2017 calls it `video_id`."""
    return tf.strings.join([context["id"], context["video_id"]])


def _require(good, ids, problem: str) -> None:
    """Refuses the first that is not good; bool and string `[N]`."""
    # `tf.debugging.Assert` would branch, which takes longer than to look.
    tf.raw_ops.Assert(
        condition=tf.reduce_all(good),
        data=[
            "Video",
            tf.gather(ids, tf.where(~good)[:1, 0]),
            f"has {problem}",
        ],
        summarize=3,
    )


def _checked_counts(values: dict, lengths: dict, sizes: dict[str, int], ids):
    """How many frames are read; all are as wide as they should be."""
    counts = [tf.cast(lengths[name], tf.int32) for name in sizes]
    _require(counts[0] == counts[-1], ids, "not as many frames as sounds")
    for name, size in sizes.items():
        found = tf.strings.length(values[name])
        after = ~tf.sequence_mask(counts[0], tf.shape(found)[1])
        right = tf.reduce_all((found == size) | after, axis=1)
        _require(right, ids, f"a frame whose {name} is not of {size} bytes")
    return tf.minimum(tf.minimum(counts[0], counts[-1]), MAX_FRAMES)
