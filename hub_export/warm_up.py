"""Requests that TF Serving replays before it takes any of its users'.

The first request of each kind is slow: it builds what the later ones use.
"""

from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from d3d_tf.hub_export.signature_inputs import ClipSpec

NAME = "assets.extra/tf_serving_warmup_requests"


def write_warm_up(folder: Path, clip: ClipSpec) -> str:
    """Writes one request of one clip for every signature.

    Grey pictures; a tensor whose values are all the same is one value and its
    shape, so the file is small.

    Args:
      folder: of the module.
      clip: what its signatures accept.

    Returns:
      What was written, or why nothing was, for people.
    """
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ImportError:
        return "none: tensorflow-serving-api was not installed at the export"
    side = clip.short_side
    jpeg = tf.io.encode_jpeg(
        tf.fill([side, side, 3], tf.constant(128, tf.uint8))
    )
    shape = [1, clip.frames, clip.size, clip.size, 3]
    tensors = {
        "serving_default": _filled(tf.float32, shape, float_val=[0.5]),
        "frames_uint8": _filled(tf.uint8, shape, int_val=[128]),
        "frames_encoded": _filled(
            tf.string, shape[:2], string_val=[jpeg.numpy()]
        ),
    }
    path = folder / NAME
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, tensor in tensors.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "default"
            request.model_spec.signature_name = signature
            request.inputs["frames"].CopyFrom(tensor)
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
    return f"one request of one clip for each of {', '.join(tensors)}"


def _filled(dtype, shape, **value):
    return tensor_pb2.TensorProto(
        dtype=dtype.as_datatype_enum,
        tensor_shape=tf.TensorShape(shape).as_proto(),
        **value,
    )
