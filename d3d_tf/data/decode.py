"""From one serialized record to the tensors of one clip."""

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.data.colour import ColourJitter, jitter_colours
from d3d_tf.data.geometry import crop_and_flip

# (u, v) / 20 px reaches the networks, whatever the records' saturation: the
# scale of the I3D authors' flow, [-1, 1] for motion up to 20 px per frame.
FLOW_SCALE = 20.0


def parse(record, streams) -> dict:
    """A serialized record to still encoded frames and what a draw needs."""
    keys = {
        "frames": schema.IMAGE_ENCODED,
        "flow": schema.FLOW + schema.IMAGE_ENCODED,
    }
    pictures = [stream for stream in streams if stream in keys]
    context, lists = tf.io.parse_single_sequence_example(
        record,
        context_features={
            schema.EXAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
            schema.LABEL_INDEX: tf.io.FixedLenFeature([], tf.int64),
            schema.IMAGE_HEIGHT: tf.io.FixedLenFeature([], tf.int64),
            schema.IMAGE_WIDTH: tf.io.FixedLenFeature([], tf.int64),
            schema.FLOW_SATURATION: tf.io.FixedLenFeature(
                [], tf.float32, default_value=FLOW_SCALE
            ),
        },
        sequence_features={
            keys[stream]: tf.io.FixedLenSequenceFeature([], tf.string)
            for stream in pictures
        },
    )
    video = {stream: lists[keys[stream]] for stream in pictures}
    return video | {
        "id": context[schema.EXAMPLE_ID],
        "label": context[schema.LABEL_INDEX],
        "length": tf.shape(video[pictures[0]])[0],
        "height": tf.cast(context[schema.IMAGE_HEIGHT], tf.int32),
        "width": tf.cast(context[schema.IMAGE_WIDTH], tf.int32),
        "saturation": context[schema.FLOW_SATURATION],
    }


def decode_frames(encoded, geometry, jitter: ColourJitter | None = None):
    """JPEG `[length]` to float32 `[time, size, size, 3]` in [-1, 1]."""
    pixels = tf.map_fn(
        lambda jpeg: tf.io.decode_jpeg(jpeg, 3),
        tf.gather(encoded, geometry.indices),
        fn_output_signature=tf.uint8,
    )
    pixels = tf.cast(crop_and_flip(pixels, geometry), tf.float32)
    if jitter is not None:
        pixels = 255.0 * jitter_colours(pixels / 255.0, jitter)
    return pixels / 127.5 - 1.0


def decode_flow(encoded, geometry, saturation):
    """PNG codes `[length]` to float32 `[time, size, size, 2]`, px / 20."""
    codes = tf.map_fn(
        lambda png: tf.io.decode_png(png, 3),
        tf.gather(encoded, geometry.indices),
        fn_output_signature=tf.uint8,
    )
    codes = crop_and_flip(codes, geometry)[..., :2]
    vectors = tf.cast(codes, tf.float32) - float(schema.ZERO_CODE)
    vectors *= saturation / (schema.CODE_RANGE * FLOW_SCALE)
    # Motion counts in pixels, which are others in a resized crop.
    vectors *= geometry.stretch()
    # A mirrored picture moves the other way.
    mirror = tf.where(geometry.flip, [-1.0, 1.0], [1.0, 1.0])
    return tf.clip_by_value(vectors * mirror, -1.0, 1.0)
