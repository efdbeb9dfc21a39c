"""What a detector's signature does before the network: checks, then pixels.

As `signature_inputs`, of whole frames, and of the boxes that are asked about.
"""

import dataclasses

import tensorflow as tf

from d3d_tf.hub_export.signature_inputs import (
    OVERSHOOT,
    after,
    decoded_picture,
    require_length,
    require_unit,
)

# Boxes that a clip may come with. Memory does not grow with them, time does.
MOST_BOXES = 1000
# How much longer than the training clips a clip may be; there is one keyframe.
LONGEST_CLIP = 4
# Pixels of a frame, of the square of the side that is the shorter one in
# scoring.
LARGEST_FRAME = 4
SMALLEST_SIDE = 32


@dataclasses.dataclass(frozen=True)
class KeyframeSpec:
    """The clips that a detector's module is given, around their keyframes.

    Attributes:
      frames: of the clips it was trained on; the keyframe is `frames // 2`.
      short_side: pixels of the frames that it was scored on; what encoded
        frames are resized to.
      shortest: frames of the shortest clip that is accepted.
    """

    frames: int
    short_side: int
    shortest: int

    @property
    def longest(self) -> int:
        """Frames of the longest clip that is accepted."""
        return LONGEST_CLIP * self.frames

    @property
    def most_pixels(self) -> int:
        """Of a frame."""
        return max(LARGEST_FRAME * self.short_side**2, SMALLEST_SIDE**2)


def unit_frames(frames, clip: KeyframeSpec):
    """Checked float32 frames `[batch, time, height, width, 3]` in [0, 1]."""
    return require_unit(_checked(frames, clip))


def byte_frames(frames, clip: KeyframeSpec):
    """Checked uint8 frames, the same shape, as float32 in [0, 1]."""
    return tf.cast(_checked(frames, clip), tf.float32) / 255.0


def encoded_frames(encoded, clip: KeyframeSpec):
    """JPEG or PNG pictures, string `[batch, time]`, as float32 in [0, 1].

    Each is resized so that its shorter side is `clip.short_side`. All of a
    request have one size then.
    """
    encoded = tf.ensure_shape(encoded, [None, None])
    shape = tf.shape(encoded)
    encoded = after([require_length(shape[1], clip)], encoded)
    flat = tf.reshape(encoded, [-1])
    # In an empty batch there is no picture to have a size, and of no pictures
    # `map_fn` makes no tensor: one stands in.
    with tf.init_scope():
        side = max(clip.short_side, SMALLEST_SIDE)
        black = tf.io.encode_jpeg(tf.zeros([side, side, 3], tf.uint8)).numpy()
    number = tf.size(flat)
    lacking = tf.cast(tf.equal(number, 0), tf.int32)
    flat = tf.concat([flat, tf.fill([lacking], black)], 0)
    size = tf.shape(decoded_picture(flat[0], clip.short_side))[:2]
    size = after([_require_sides(size, clip)], size)

    def of_one(picture):
        pixels = decoded_picture(picture, clip.short_side)
        alike = tf.debugging.Assert(
            tf.reduce_all(tf.shape(pixels)[:2] == size),
            ["the pictures of a request must have one shape; there are", size]
            + [tf.shape(pixels)[:2]],
        )
        return after([alike], pixels)

    pixels = tf.map_fn(
        of_one,
        flat,
        fn_output_signature=tf.TensorSpec([None, None, 3], tf.uint8),
    )
    axes = [*tf.unstack(shape), *tf.unstack(size), 3]
    return byte_frames(tf.reshape(pixels[:number], axes), clip)


def checked_boxes(boxes, frames):
    """Boxes float32 `[batch, N, 4]`, y1, x1, y2, x2, as shares, in [0, 1].

    Args:
      boxes: of a request.
      frames: that they are of.
    """
    boxes = tf.ensure_shape(boxes, [None, None, 4])
    clips, number = tf.shape(boxes)[0], tf.shape(boxes)[1]
    low, high = boxes[..., :2], boxes[..., 2:]
    # Not `reduce_min`, which may pass NaN over; a comparison with it is false.
    inside = (boxes >= -OVERSHOOT) & (boxes <= 1.0 + OVERSHOOT)
    checks = [
        tf.debugging.Assert(
            tf.equal(clips, tf.shape(frames)[0]),
            ["boxes must be of as many clips as frames; they are of", clips],
        ),
        tf.debugging.Assert(
            number <= MOST_BOXES,
            [f"a clip has at most {MOST_BOXES} boxes; this has", number],
        ),
        tf.debugging.Assert(
            tf.reduce_all(inside),
            [
                "boxes are y1, x1, y2, x2 as shares of the frame, 0 to 1; "
                "these are in",
                *(tf.reduce_min(boxes), tf.reduce_max(boxes)),
            ],
        ),
        tf.debugging.Assert(
            tf.reduce_all(low <= high),
            ["boxes are y1, x1, y2, x2, with y1 <= y2 and x1 <= x2"],
        ),
    ]
    return tf.clip_by_value(after(checks, boxes), 0.0, 1.0)


def _checked(frames, clip: KeyframeSpec):
    frames = tf.ensure_shape(frames, [None] * 4 + [3])
    shape = tf.shape(frames)
    sides = _require_sides(shape[2:4], clip)
    return after([require_length(shape[1], clip), sides], frames)


def _require_sides(size, clip: KeyframeSpec):
    # In int64: a request may say anything.
    pixels = tf.reduce_prod(tf.cast(size, tf.int64))
    return tf.debugging.Assert(
        (tf.reduce_min(size) >= SMALLEST_SIDE) & (pixels <= clip.most_pixels),
        [
            f"a frame has at least {SMALLEST_SIDE} pixels on each side, and at "
            f"most {clip.most_pixels} in all; height and width here are",
            size,
        ],
    )
