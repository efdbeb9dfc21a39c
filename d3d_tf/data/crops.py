"""One draw of time, crop and flip for both streams of a clip."""

from typing import NamedTuple

import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.clip_frames import drawn_frames, view_frames

# Of the short side, for the sides of a corner crop: 256, 224, 192 and 168 of
# 256 pixels in Wang et al., "Towards Good Practices for Very Deep Two-Stream
# ConvNets" (2015), section 3.
CORNER_SCALES = (1.0, 0.875, 0.75, 0.66)
# Height and width may be neighbours among them (TSN's max_distort=1).
_PAIRS = [
    (one, other)
    for i, one in enumerate(CORNER_SCALES)
    for j, other in enumerate(CORNER_SCALES)
    if abs(i - j) <= 1
]
# Where they are, in quarters of the room below and right of them: corners and
# middle, then the middles of the sides and the four quarter points (TSN's 5 and
# 13 places, in its order).
_PLACES = [(0, 0), (0, 4), (4, 0), (4, 4), (2, 2)]
_PLACES += [(2, 0), (2, 4), (4, 2), (0, 2), (1, 1), (1, 3), (3, 1), (3, 3)]
_NUM_PLACES = {"corners": 5, "quarters": 13}
# A side that is so near to the clip's is the clip's.
_NEARLY = 2


class ClipGeometry(NamedTuple):
    """Which part of a video a clip shows.

    Attributes:
      indices: int32 `[frames]`, of the stored frames and flow frames. Flow i
        is the motion from stored frame i to the next stored one, also where
        the clip leaves frames out: both streams show one instant, and flow
        keeps its unit, px per stored frame.
      top, left: int32 scalars, the crop's corner in pixels.
      size: height and width of the clip.
      flip: bool scalar, mirror left and right.
      shape: int32 `[2]`, height and width of the crop, which is then resized;
        None: those of the clip.
    """

    indices: tf.Tensor
    top: tf.Tensor
    left: tf.Tensor
    size: int
    flip: tf.Tensor
    shape: tf.Tensor | None = None

    @property
    def resized(self) -> bool:
        """Whether the crop has another size than the clip."""
        return self.shape is not None

    def extent(self):
        """Height and width of the crop."""
        return tf.unstack(self.shape) if self.resized else (self.size,) * 2

    def stretch(self):
        """How much longer (u, v) are in the clip: float32 `[2]`, or 1.0."""
        if self.shape is None:
            return 1.0
        return float(self.size) / tf.cast(self.shape[::-1], tf.float32)


def centre_geometry(
    length, height, width, clip: ClipRecipe, *, short_side: int = 0
):
    """The middle clip, middle crop, no flip: one view of an evaluation."""
    views = EvaluationRecipe(scaled_short_side=short_side)
    return view_geometry(0, length, height, width, views=views, clip=clip)


def view_geometry(
    view, length, height, width, *, views: EvaluationRecipe, clip: ClipRecipe
):
    """One of an evaluation's `clips x crops` views; no flip.

    `view_frames` says which frames. Three crops are at the two ends and in the
    middle of the longer side, in the middle of the shorter; with
    `views.even_margins` the last leaves out a line of pixels where the middle
    is between two (MMAction2's ThreeCrop). A single crop is in the middle. With
    `views.scaled_short_side` a crop is the square in stored pixels, rounded to
    whole ones, that is as large in the scaled video.

    Args:
      view: int32 scalar, `clip * crops + crop`.
      length, height, width: of the stored video.
      views: how many clips and crops, and of what short side.
      clip: frames, size, stride and sampling, see `EvaluationRecipe.clip_of`.
    """
    number, crop = view // views.crops, view % views.crops
    indices = view_frames(number, length, views=views, clip=clip)
    side, shape = clip.size, None
    if views.scaled_short_side:
        short = tf.minimum(height, width)
        side = _stored(clip.size, short, views.scaled_short_side)
        shape = tf.stack([side, side])
    top, left = height - side, width - side
    middle = ClipGeometry(
        indices, top // 2, left // 2, clip.size, tf.constant(False), shape
    )
    if views.crops == 1:
        return middle
    wide = width >= height
    if views.even_margins:
        top, left = top // 2 * 2, left // 2 * 2
    return middle._replace(
        top=tf.where(wide, top // 2, crop * top // 2),
        left=tf.where(wide, crop * left // 2, left // 2),
    )


def random_geometry(length, height, width, *, clip: ClipRecipe, seed):
    """A draw that is a function of `seed`, int32 `[2]`, and of nothing else.

    Flip is uniform, and the corner of a `random` crop; `drawn_frames` says
    which frames. `corners` and `quarters` draw height and width from
    `CORNER_SCALES` of the short side, at most one step apart, and one of 5 or
    13 places, as TSN's code and MMAction2's MultiScaleCrop. `short_sides` draws
    the short side to which the video is scaled before the crop, uniformly over
    whole pixels (X3D, SlowFast: 256 to 320); what is cut out is the same square
    in stored pixels, rounded to whole ones.

    Args:
      length, height, width: of the stored video.
      clip: what to draw.
      seed: of this clip in this epoch.
    """
    seeds = tf.random.experimental.stateless_split(seed, 4)

    def below(limit, which):
        return tf.random.stateless_uniform(
            [], seeds[which], 0, limit, dtype=tf.int32
        )

    indices = drawn_frames(
        length,
        clip=clip,
        below=lambda limit: below(limit, 0),
        uniform=lambda shape: tf.random.stateless_uniform(shape, seeds[0]),
    )
    shape = None
    if clip.crop == "random":
        side = clip.size
        if clip.short_sides:
            short = tf.minimum(height, width)
            side = _scaled_side(short, clip.size, clip.short_sides, seed)
            shape = tf.stack([side, side])
        top = below(height - side + 1, 1)
        left = below(width - side + 1, 2)
    else:
        short = tf.cast(tf.minimum(height, width), tf.float32)
        pair = tf.constant(_PAIRS)[below(len(_PAIRS), 1)]
        shape = tf.cast(short * pair, tf.int32)
        near = tf.abs(shape - clip.size) <= _NEARLY
        shape = tf.where(near, clip.size, shape)
        steps = (tf.stack([height, width]) - shape) // 4
        place = tf.constant(_PLACES)[below(_NUM_PLACES[clip.crop], 2)]
        top, left = tf.unstack(steps * place)
    return ClipGeometry(
        indices,
        top,
        left,
        clip.size,
        tf.logical_and(clip.flip, tf.equal(below(2, 3), 1)),
        shape,
    )


def _scaled_side(short, size: int, short_sides: tuple[int, int], seed):
    """The crop's side in stored pixels, for a drawn short side."""
    low, high = short_sides
    # Another stream than those of the other draws and of the colours.
    key = tf.random.experimental.stateless_fold_in(seed, 2)
    drawn = tf.random.stateless_uniform([], key, low, high + 1, tf.int32)
    return _stored(size, short, drawn)


def _stored(size, short, scaled):
    """`size` pixels of a video with that scaled short side, in stored ones.

    Rounded half up; at most `short`, for no scaled side is below the size.
    """
    return (2 * size * short + scaled) // (2 * scaled)


def crop_and_flip(pixels, geometry: ClipGeometry):
    """`[time, height, width, C]` to `[time, size, size, C]`.

    Moves pixels only: where they hold flow, the caller negates u as well, and
    stretches a resized crop's vectors. A resized crop (bilinear, without
    smoothing, as TSN's) is float32; else the type stays.
    """
    return flip(fit(cut(pixels, geometry), geometry), geometry)


def cut(pixels, geometry: ClipGeometry):
    """The crop of `[time, height, width, C]`, in its own size."""
    height, width = geometry.extent()
    return pixels[
        :,
        geometry.top : geometry.top + height,
        geometry.left : geometry.left + width,
    ]


def fit(pixels, geometry: ClipGeometry):
    """A crop to `[time, size, size, C]`, float32 if it was resized."""
    size = geometry.size
    if geometry.resized:
        pixels = tf.image.resize(pixels, [size, size])
    return tf.ensure_shape(pixels, [None, size, size, None])


def flip(pixels, geometry: ClipGeometry):
    """Mirrors `[time, size, size, C]` left and right, if the draw says so."""

    def mirrored():
        # TensorFlow is quick with rows of pixels, [rows, width, C].
        rows = tf.reshape(pixels, [-1, geometry.size, pixels.shape[-1]])
        return tf.reshape(tf.reverse(rows, [1]), tf.shape(pixels))

    return tf.cond(geometry.flip, mirrored, lambda: pixels)
