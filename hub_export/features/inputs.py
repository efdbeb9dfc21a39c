"""What a signature does to features before the network: checks, then frames.

As `hub_export.signature_inputs` does it with pictures.
"""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from d3d_tf.config.frame_sampling import MAX_FRAMES, FrameSamplingRecipe
from d3d_tf.data.frame_sampling import places_and_counts
from d3d_tf.data.parse_youtube8m import dequantised
from d3d_tf.hub_export.signature_inputs import OVERSHOOT, after
from d3d_tf.streams import FEATURES

# Of the features that bytes stand for.
LARGEST = 2
# Of the frames that `random` and `sequence` draw: the same in every video.
SEED = (0, 0)


@dataclasses.dataclass(frozen=True)
class FeatureSpec:
    """The videos that a module of features is given, and what it sees of them.

    Attributes:
      sampling: the frames that the network sees.
      longest: frames of the longest video that is accepted; a shorter one is
        padded to them, as the network's training data were. 1 of a network of
        means of videos.
      rgb, audio: features of a frame, those of its picture and of its sound.
    """

    sampling: FrameSamplingRecipe
    longest: int = MAX_FRAMES
    rgb: int = FEATURES["rgb"]
    audio: int = FEATURES["audio"]

    @property
    def width(self) -> int:
        """Features of a frame, N."""
        return self.rgb + self.audio

    def tensor(self, dtype=tf.float32) -> tf.TensorSpec:
        """Of features, `[batch, frames, N]`."""
        return tf.TensorSpec([None, None, self.width], dtype, "features")


def checked(features, num_frames, spec: FeatureSpec) -> tuple:
    """Features and numbers of frames, once it is sure that they fit.

    Args:
      features: float32 or uint8 `[batch, frames, N]`.
      num_frames: int32 `[batch]`; frames after these are padding.
      spec: what is accepted.
    """
    features = tf.ensure_shape(features, [None, None, spec.width])
    num_frames = tf.ensure_shape(num_frames, [None])
    shape, videos = tf.shape(features), tf.shape(num_frames)[0]
    checks = [
        tf.debugging.Assert(
            (shape[1] >= 1) & (shape[1] <= spec.longest),
            [
                f"a video has 1 to {spec.longest} frames, padding included, of "
                "which the first are taken of longer ones, as YouTube-8M does; "
                "this has",
                shape[1],
            ],
        ),
        tf.debugging.Assert(
            tf.equal(videos, shape[0]),
            ["num_frames must be of as many videos as features", shape[0]]
            + ["; it is of", videos],
        ),
        tf.debugging.Assert(
            tf.reduce_all((num_frames >= 1) & (num_frames <= shape[1])),
            [
                "num_frames must be from 1 to the number of frames that were "
                "sent,",
                *(shape[1], "; it is", num_frames),
            ],
        ),
    ]
    return after(checks, features), after(checks, num_frames)


def require_range(features):
    """The features, once it is sure that all are in [-2, 2]."""
    most = LARGEST + OVERSHOOT
    # Not `reduce_min`, which may pass NaN over; a comparison with it is false.
    inside = tf.reduce_all((features >= -most) & (features <= most))
    checks = [
        tf.debugging.Assert(
            inside,
            [
                f"features must be in [-{LARGEST}, {LARGEST}], as those of "
                "YouTube-8M after its bytes are undone; clip others. These are "
                "in",
                *(tf.reduce_min(features), tf.reduce_max(features)),
            ],
        )
    ]
    return after(checks, features)


def joined(rgb, audio):
    """Features of pictures and of sound, `[batch, frames, ...]`, as one."""
    checks = [
        tf.debugging.Assert(
            tf.reduce_all(tf.equal(tf.shape(rgb)[:2], tf.shape(audio)[:2])),
            [
                "rgb and audio must be of as many videos and frames; they are "
                "of",
                *(tf.shape(rgb)[:2], tf.shape(audio)[:2]),
            ],
        )
    ]
    return after(checks, tf.concat([after(checks, rgb), audio], -1))


def as_floats(features):
    """Features of any type as float32; uint8 as YouTube-8M's bytes."""
    if features.dtype == tf.uint8:
        return dequantised(features)
    return tf.cast(features, tf.float32)


def seen(features, num_frames, spec: FeatureSpec) -> tuple:
    """What the network is given of the videos.

    Args:
      features: float32 `[batch, frames, N]`, `checked`.
      num_frames: int32 `[batch]`.
      spec: which frames it sees.

    Returns:
      float32 `[batch, k, N]`, and int32 `[batch]`.
    """
    time = tf.shape(features)[1]
    there = tf.sequence_mask(num_frames, time)[..., None]
    features = tf.where(there, features, tf.zeros_like(features))
    features = tf.pad(features, [[0, 0], [0, spec.longest - time], [0, 0]])
    features = tf.ensure_shape(features, [None, spec.longest, spec.width])
    if spec.sampling.way == "all":
        return features, num_frames
    places, counts = _by_length(spec)
    return (
        tf.gather(features, tf.gather(places, num_frames), batch_dims=1),
        tf.gather(counts, num_frames),
    )


@functools.cache
def _by_length(spec: FeatureSpec) -> tuple[np.ndarray, np.ndarray]:
    """Places and numbers of the frames that are seen, by frames of a video."""
    with tf.init_scope():
        lengths = tf.range(spec.longest + 1)
        draws = tf.random.stateless_uniform([1, spec.sampling.k], SEED)
        draws = tf.repeat(draws, tf.size(lengths), axis=0)
        places, counts = places_and_counts(lengths, spec.sampling, draws)
        return places.numpy(), counts.numpy()
