"""Requests that TF Serving replays before it takes any of its users'.

The first request of each kind is slow: it builds what the later ones use.
"""

from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

NAME = "assets.extra/tf_serving_warmup_requests"


def write_warm_up(folder: Path, requests: dict[str, dict[str, Any]]) -> str:
    """Writes one request of one clip for every signature.

    Args:
      folder: of the module.
      requests: by signature, TensorProtos by the input's name.

    Returns:
      What was written, or why nothing was, for people.
    """
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ImportError:
        return "none: tensorflow-serving-api was not installed at the export"
    path = folder / NAME
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, tensors in requests.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "default"
            request.model_spec.signature_name = signature
            for name, tensor in tensors.items():
                request.inputs[name].CopyFrom(tensor)
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
    return f"one request of one clip for each of {', '.join(requests)}"


def filled_frames(
    frames: int, sides: tuple[int, int], picture: int
) -> dict[str, dict[str, Any]]:
    """Grey clips as the signatures take them, `{signature: {"frames": ...}}`.

    A tensor whose values are all the same is one value and its shape, so the
    file is small.

    Args:
      frames: of a clip.
      sides: height and width of its pixels.
      picture: height and width of its JPEGs.
    """
    jpeg = tf.io.encode_jpeg(
        tf.fill([picture, picture, 3], tf.constant(128, tf.uint8))
    )
    shape = [1, frames, *sides, 3]
    tensors = {
        "serving_default": filled(tf.float32, shape, float_val=[0.5]),
        "frames_uint8": filled(tf.uint8, shape, int_val=[128]),
        "frames_encoded": filled(
            tf.string, shape[:2], string_val=[jpeg.numpy()]
        ),
    }
    return {name: {"frames": tensor} for name, tensor in tensors.items()}


def filled(dtype, shape, **value):
    """A TensorProto whose values are all the same."""
    return tensor_pb2.TensorProto(
        dtype=dtype.as_datatype_enum,
        tensor_shape=tf.TensorShape(shape).as_proto(),
        **value,
    )
