"""Which frames of a record stand for each second of the video, decoded."""

import numpy as np
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.data.batches import as_it_is
from d3d_tf.data.crops import centre_geometry
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import decode_frames
from d3d_tf.data.kinds import reader
from d3d_tf.data.untuned import untuned


def frames_of_seconds(length, rate: float, clip: ClipRecipe, seconds: int):
    """The frames that are seen of each second, int32 `[n, clip.frames]`.

    Second s begins with the frame next to s * rate. A picture is that frame. A
    dense clip has its middle in that of the second, but is moved to begin and
    end with the video; a video that is shorter begins again at its end. Of
    segments each shows the frame in the middle of its part of the second.

    Args:
      length: int32 scalar, of the record.
      rate: its frames per second.
      clip: frames, stride and sampling.
      seconds: n is not larger.
    """
    begins = np.rint(np.arange(seconds) * rate).astype(np.int32)
    begins = tf.boolean_mask(begins, begins < length)[:, None]
    if clip.frames == 1:
        return begins
    if clip.sampling == "segments":
        inside = (np.arange(clip.frames) + 0.5) / clip.frames * rate
        return tf.minimum(begins + inside.astype(np.int32), length - 1)
    first = begins + round((rate - clip.span) / 2)
    first = tf.clip_by_value(first, 0, tf.maximum(length - clip.span, 0))
    return (first + np.arange(clip.frames) * clip.stride) % length


def clips_of_shard(
    dataset: Dataset,
    split: str,
    path: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    seconds: int = MAX_FRAMES,
) -> tf.data.Dataset:
    """Batches of `(ids, pixels)` of the seconds of a shard, one after another.

    Ids are string `[batch]`, of the videos; pixels `[batch, frames, size, size,
    3]` of 0..255, the middle of the frames.

    Args:
      dataset: the records.
      split: that the shard is of.
      path: of the shard.
      clip: what is seen of a second, see `frames_of_seconds`.
      batch_size: clips of one video or of several.
      seconds: of a video, at most.
    """
    read = reader(dataset, split)
    rate = dataset.info["recipe"]["data"]["frame_rate"]

    def video(record):
        found = read(record, ("frames",))
        frames = frames_of_seconds(found["length"], rate, clip, seconds)
        keys = ("id", "frames", "length", "height", "width")
        return tuple(found[key] for key in keys), frames

    def decoded(parsed, frames):
        id_, encoded, length, height, width = parsed
        middle = centre_geometry(length, height, width, clip)

        def one(number):
            geometry = middle._replace(indices=frames[number])
            return id_, decode_frames(encoded, geometry)

        count = tf.shape(frames, tf.int64)[0]
        return tf.data.Dataset.range(count).map(
            as_it_is(one), num_parallel_calls=tf.data.AUTOTUNE
        )

    return untuned(
        tf.data.TFRecordDataset(path)
        .map(as_it_is(video))
        .flat_map(as_it_is(decoded))
        .batch(batch_size)
        .prefetch(2)
    )
