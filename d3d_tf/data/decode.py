"""From one serialized record to the tensors of one clip."""

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.data.colour_jitter import ColourJitter, jitter_colours
from d3d_tf.data.crops import crop_and_flip, cut, fit, flip
from d3d_tf.tasks import DEFAULT, task_of
from d3d_tf.tasks.task import Target

# (u, v) / 20 px reaches the networks, whatever the records' saturation: the
# scale of the I3D authors' flow, [-1, 1] for motion up to 20 px per frame.
FLOW_SCALE = 20.0
JPEG = b"\xff\xd8\xff"  # The first bytes of every one.
# Pixels decoded left and right of a crop: JPEG stores colours at half the width
# and interpolates them, at an edge in another way than inside.
MARGIN = 2


def parse(
    record, streams, target: Target | None = None, num_classes: int = 0
) -> dict:
    """Parses a record: frames, still encoded, and the facts for a draw.

    Args:
      record: string scalar, a serialized record of ours.
      streams: the pictures wanted, one at least of `frames` and `flow`.
      target: what is parsed as the `label`; None: that of classification.
      num_classes: of the records, for targets of several classes per video.
    """
    if target is None:
        target = task_of(DEFAULT).target
    keys = {
        "frames": schema.IMAGE_ENCODED,
        "flow": schema.FLOW + schema.IMAGE_ENCODED,
    }
    pictures = [stream for stream in streams if stream in keys]
    context, lists = tf.io.parse_single_sequence_example(
        record,
        context_features={
            schema.EXAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
            schema.IMAGE_HEIGHT: tf.io.FixedLenFeature([], tf.int64),
            schema.IMAGE_WIDTH: tf.io.FixedLenFeature([], tf.int64),
            schema.FLOW_SATURATION: tf.io.FixedLenFeature(
                [], tf.float32, default_value=FLOW_SCALE
            ),
            **target.features(),
        },
        sequence_features={
            keys[stream]: tf.io.FixedLenSequenceFeature([], tf.string)
            for stream in pictures
        },
    )
    video = {stream: lists[keys[stream]] for stream in pictures}
    return video | {
        "id": context[schema.EXAMPLE_ID],
        "label": target.parse(context, num_classes),
        "length": tf.shape(video[pictures[0]])[0],
        "height": tf.cast(context[schema.IMAGE_HEIGHT], tf.int32),
        "width": tf.cast(context[schema.IMAGE_WIDTH], tf.int32),
        "saturation": context[schema.FLOW_SATURATION],
    }


def decode_frames(encoded, geometry, jitter: ColourJitter | None = None):
    """JPEG or PNG `[length]` to `[time, size, size, 3]` of 0..255.

    uint8; float32 where the draw resizes or changes colours. Of a JPEG only the
    crop is decoded; its pixels are those of the whole frame.
    """
    chosen = tf.gather(encoded, geometry.indices)
    pixels = tf.cond(
        tf.reduce_all(tf.equal(tf.strings.substr(chosen, 0, 3), JPEG)),
        lambda: _decode_crops(chosen, geometry),
        lambda: cut(_decode_whole(chosen), geometry),
    )
    pixels = flip(fit(pixels, geometry), geometry)
    if jitter is not None:
        unit = tf.cast(pixels, tf.float32) / 255.0
        pixels = 255.0 * jitter_colours(unit, jitter)
    return pixels


def decode_flow(encoded, geometry):
    """PNG codes `[length]` to `[time, size, size, 2]`.

    uint8; float32 where the draw resizes. Vectors keep their codes, mirrored or
    stretched: see `flow_factors`.
    """
    codes = _decode_whole(tf.gather(encoded, geometry.indices))
    return crop_and_flip(codes, geometry)[..., :2]


def flow_factors(saturation, geometry):
    """float32 `[2]`: one step of the codes of u and of v, in px / 20."""
    # Motion is in pixels, and a resized crop has other pixels.
    step = saturation / (schema.CODE_RANGE * FLOW_SCALE) * geometry.stretch()
    # In a mirrored picture motion goes the other way.
    return step * tf.where(geometry.flip, [-1.0, 1.0], [1.0, 1.0])


def scale_flow(codes, factors):
    """Codes to float32 px / 20 in [-1, 1].

    Args:
      codes: uint8 or float32 `[..., time, height, width, 2]`.
      factors: float32 `[..., 2]`, of `flow_factors`.
    """
    vectors = tf.cast(codes, tf.float32) - float(schema.ZERO_CODE)
    vectors *= factors[..., tf.newaxis, tf.newaxis, tf.newaxis, :]
    return tf.clip_by_value(vectors, -1.0, 1.0)


def _decode_crops(jpegs, geometry):
    height, width = geometry.extent()
    begin = tf.maximum(geometry.left - MARGIN, 0)
    whole = tf.io.extract_jpeg_shape(jpegs[0])[1]
    end = tf.minimum(geometry.left + width + MARGIN, whole)
    window = tf.stack([geometry.top, begin, height, end - begin])
    pixels = tf.map_fn(
        lambda jpeg: tf.io.decode_and_crop_jpeg(jpeg, window, 3),
        jpegs,
        fn_output_signature=tf.TensorSpec([None, None, 3], tf.uint8),
    )
    left = geometry.left - begin
    return pixels[:, :, left : left + width]


def _decode_whole(pictures):
    return tf.map_fn(
        lambda picture: tf.io.decode_png(picture, 3),
        pictures,
        fn_output_signature=tf.uint8,
    )
