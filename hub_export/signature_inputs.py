"""What a signature does before the network: checks, then pixels in [0, 1].

TF Serving's C++ does not compare a request with the signature. What is not
refused here reads memory that is not its own, allocates what a header of a few
bytes asks for, or is answered with numbers that mean nothing.
"""

import dataclasses

import tensorflow as tf

# Pixels of a picture before and after it is resized; 8K video has 33 million.
LARGEST_PICTURE = 2**25
# A picture this much longer than wide is no video frame.
LARGEST_RATIO = 16
# How much longer than the training clips a clip may be. S3D's evaluation by
# one clip of the whole video has 250 frames, of clips of 64.
LONGEST_CLIP = 16
# Resizing may overshoot the unit range, but not by so much.
OVERSHOOT = 0.1
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = 24  # Bytes up to the end of width and height.


@dataclasses.dataclass(frozen=True)
class ClipSpec:
    """The clips that a module is given.

    Attributes:
      frames: of the clips it was trained on.
      size: height and width in pixels.
      short_side: what encoded frames are resized to before they are cropped.
      shortest: frames of the shortest clip that is accepted.
    """

    frames: int
    size: int
    short_side: int
    shortest: int

    @property
    def longest(self) -> int:
        """Frames of the longest clip that is accepted."""
        return LONGEST_CLIP * self.frames


def unit_frames(frames, clip: ClipSpec):
    """Checked float32 frames `[batch, time, size, size, 3]` in [0, 1]."""
    return require_unit(_checked(frames, clip))


def require_unit(frames):
    """The frames, once it is sure that they are in [0, 1]."""
    low, high = tf.reduce_min(frames), tf.reduce_max(frames)
    # An empty batch has the range (infinity, -infinity). On CPUs NaN passes
    # into both; where it does not, the outputs are looked at, too.
    checks = [
        tf.debugging.Assert(
            (low >= -OVERSHOOT) & (high <= 1.0 + OVERSHOOT),
            ["frames must be in [0, 1]; these are in", low, high],
        )
    ]
    return after(checks, frames)


def byte_frames(frames, clip: ClipSpec):
    """Checked uint8 frames, the same shape, as float32 in [0, 1]."""
    return tf.cast(_checked(frames, clip), tf.float32) / 255.0


def encoded_frames(encoded, clip: ClipSpec):
    """JPEG or PNG pictures, string `[batch, time]`, as float32 in [0, 1].

    Each is resized so that its shorter side is `clip.short_side`, and its
    middle is cropped, as preparation and evaluation do it.
    """
    encoded = tf.ensure_shape(encoded, [None, None])
    shape = tf.shape(encoded)
    encoded = after([require_length(shape[1], clip)], encoded)
    pixels = tf.map_fn(
        lambda picture: _decoded(picture, clip),
        tf.reshape(encoded, [-1]),
        fn_output_signature=tf.TensorSpec([clip.size, clip.size, 3], tf.uint8),
    )
    pixels = tf.reshape(pixels, [shape[0], shape[1], clip.size, clip.size, 3])
    return tf.cast(pixels, tf.float32) / 255.0


def _checked(frames, clip: ClipSpec):
    frames = tf.ensure_shape(frames, [None, None, clip.size, clip.size, 3])
    return after([require_length(tf.shape(frames)[1], clip)], frames)


def require_length(time, clip):
    """A check of the number of frames.

    Args:
      time: of a clip.
      clip: has `shortest` and `longest`.
    """
    return tf.debugging.Assert(
        (time >= clip.shortest) & (time <= clip.longest),
        [
            f"a clip must have {clip.shortest} to {clip.longest} frames; "
            "this has",
            time,
        ],
    )


def after(checks: list, tensor):
    """The tensor, once the checks are passed and not before."""
    with tf.control_dependencies([check for check in checks if check]):
        return tf.identity(tensor)


def _decoded(encoded, clip: ClipSpec):
    """One picture as uint8 `[size, size, 3]`."""
    picture = decoded_picture(encoded, clip.short_side)
    room = tf.shape(picture)[:2] - clip.size
    top, left = room[0] // 2, room[1] // 2
    return tf.ensure_shape(
        picture[top : top + clip.size, left : left + clip.size],
        [clip.size, clip.size, 3],
    )


def decoded_picture(encoded, short_side: int):
    """One picture, resized, as uint8 `[height, width, 3]`."""
    shape = _shape_in_header(encoded)
    # In float64: a header may say 2**32, whose square is no int64.
    sides = tf.cast(shape, tf.float64)
    short, long = tf.reduce_min(sides), tf.reduce_max(sides)
    # Of the picture or of what it is resized to, whichever is larger.
    pixels = tf.maximum(short, short_side) ** 2 * long / short
    checks = [
        tf.debugging.Assert(
            (short >= 1)
            & (long <= LARGEST_RATIO * short)
            & (pixels <= LARGEST_PICTURE),
            [
                "a picture must be no longer than "
                f"{LARGEST_RATIO} times its width, and have at most "
                f"{LARGEST_PICTURE} pixels, also when resized to a short side "
                f"of {short_side}; height and width here are",
                shape,
            ],
        )
    ]
    picture = tf.io.decode_jpeg(after(checks, encoded), channels=3)
    return _resized(picture, short_side)


def _shape_in_header(encoded):
    """Height and width, int64 `[2]`, before memory is taken for them."""

    def of_jpeg():
        shape = tf.image.extract_jpeg_shape(encoded, tf.int32)
        return tf.cast(shape[:2], tf.int64)

    def of_png():
        raw = tf.strings.substr(encoded, _PNG_HEADER - 8, 8)
        digits = tf.reshape(
            tf.io.decode_raw(raw, tf.uint8, fixed_length=8), [2, 4]
        )
        places = tf.constant([2**24, 2**16, 2**8, 1], tf.int64)
        width_height = tf.reduce_sum(tf.cast(digits, tf.int64) * places, 1)
        return width_height[::-1]

    def of_neither():
        known = [
            tf.debugging.Assert(
                False,
                ["a frame is neither a JPEG nor a PNG; its length is", length],
            )
        ]
        return after(known, tf.zeros([2], tf.int64))

    length = tf.strings.length(encoded)
    is_jpeg = tf.equal(tf.strings.substr(encoded, 0, len(_JPEG)), _JPEG)
    is_png = tf.equal(tf.strings.substr(encoded, 0, len(_PNG)), _PNG) & (
        length >= _PNG_HEADER
    )
    return tf.cond(
        is_jpeg, of_jpeg, lambda: tf.cond(is_png, of_png, of_neither)
    )


def _resized(picture, short_side: int):
    """As `d3d_tf/video/pictures.py` does it with OpenCV, to a level of 255.

    Sides are rounded half to even; smaller pictures are means over areas,
    larger ones interpolated linearly.
    """
    sides = tf.cast(tf.shape(picture)[:2], tf.float64)
    scale = short_side / tf.reduce_min(sides)
    size = tf.cast(tf.round(sides * scale), tf.int32)

    def to_bytes(resized):
        # Half a level goes up, as in OpenCV's mean of 2 x 2.
        rounded = tf.floor(tf.clip_by_value(resized, 0.0, 255.0) + 0.5)
        return tf.cast(rounded, tf.uint8)

    return tf.case(
        [
            (tf.equal(scale, 1.0), lambda: picture),
            (
                scale < 1.0,
                lambda: to_bytes(tf.image.resize(picture, size, "area")),
            ),
        ],
        default=lambda: to_bytes(tf.image.resize(picture, size, "bilinear")),
    )
