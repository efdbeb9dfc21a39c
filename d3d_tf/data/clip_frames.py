"""Which of a video's frames a clip shows.

Indices are int32 `[frames]`, of the stored frames. The rules of MMAction2 and
of DNR's released configuration are compared with their own code in a test.
"""

import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe


def view_frames(number, length, *, views: EvaluationRecipe, clip: ClipRecipe):
    """Frames of one of an evaluation's clips.

    Clip k of K begins, with so much room, at

        to_the_end            k room // (K - 1)    room = length - span
        equal_parts           k room // K          room = length - span
        sample_frames         k room / (K - 1)     room = length - span, rounded
        dense_sample_frames   k room // (K - 1)    room = length - frames stride
        middles               (k + 1/2) room // K  as before, and one more

    where the span are the stored frames from a clip's first to its last. A
    single clip is in the middle, but that of `dense_sample_frames`, which is at
    the beginning. With segments, clip k sees the frame of each that is
    `(1/2 + k/K) mod 1` of it after its beginning (MMAction2, for K of 1 and 2).

    Args:
      number: int32 scalar, which clip.
      length: int32 scalar, of the stored video.
      views: how many clips, and where.
      clip: frames, stride and sampling, see `EvaluationRecipe.clip_of`.
    """
    parts = views.clips
    if clip.sampling == "segments":
        halves = (parts + 2 * number) % (2 * parts)
        places = 2 * parts * tf.range(clip.frames) + halves
        return places * length // (2 * parts * clip.frames)
    room = tf.maximum(length - clip.span, 0)
    if views.spacing == "middles":
        room = tf.maximum(length - clip.frames * clip.stride + 1, 0)
        start = (2 * number + 1) * room // (2 * parts)
        # The released code stops before the last frame.
        return _stopped(start, length - 2, clip)
    if views.spacing == "dense_sample_frames":
        room = tf.maximum(length - clip.frames * clip.stride, 0)
        start = number * room // max(parts - 1, 1)
    elif parts == 1:
        start = room // 2
    elif views.spacing == "sample_frames":
        exact = tf.cast(number * room, tf.float32) / (parts - 1)
        start = tf.cast(tf.round(exact), tf.int32)  # Halves to the even one.
    else:
        start = number * room // (parts - (views.spacing == "to_the_end"))
    if views.past_the_end == "repeat":
        return _stopped(start, length - 1, clip)
    return _looped(start, length, clip)


def drawn_frames(length, *, clip: ClipRecipe, below, uniform):
    """Frames of a training clip.

    A dense clip begins anywhere where it fits. Of segments TSN's code draws one
    frame each: there are `frames` of `length // frames`, and what is left at
    the end is not seen. A shorter video shows the frames `k length / frames`,
    rounded.

    Args:
      length: int32 scalar, of the stored video.
      clip: frames, stride and sampling.
      below: a limit to an int32 scalar below it, drawn uniformly.
      uniform: a shape to float32 in [0, 1), drawn uniformly.
    """
    if clip.sampling == "dense":
        room = tf.maximum(length - clip.drawn_span, 0)
        return _looped(below(room + 1), length, clip)
    numbers = tf.range(clip.frames)
    part = length // clip.frames
    inside = uniform([clip.frames]) * tf.cast(part, tf.float32)
    exact = tf.cast(numbers * length, tf.float32) / clip.frames
    return tf.where(
        part > 0,
        numbers * part + tf.cast(inside, tf.int32),
        tf.cast(tf.round(exact), tf.int32),
    )


def _steps(clip: ClipRecipe):
    return tf.range(0, clip.frames * clip.stride, clip.stride)


def _looped(start, length, clip: ClipRecipe):
    """From `start` on; a short video begins again at its end."""
    return (start + _steps(clip)) % length


def _stopped(start, last, clip: ClipRecipe):
    """From `start` on; repeats the clip's latest that is not after `last`."""
    latest = tf.maximum(last - start, 0) // clip.stride * clip.stride
    return start + tf.minimum(_steps(clip), latest)
