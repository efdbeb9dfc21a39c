"""The one place that decides which Keras this package runs on.

Keras 2 is what subclassed models, `tensorflow_hub` and every public video
checkpoint were written for. TensorFlow below 2.16 carries it as `tf.keras`;
from 2.16 on `tf.keras` is Keras 3 and Keras 2 lives in the package `tf_keras`.
Every other module says `from d3d_tf.keras_api import keras`; a lint rule
(pyproject.toml) refuses the other ways.
"""

import tensorflow as tf

_TF_VERSION = tuple(int(part) for part in tf.__version__.split(".")[:2])

if _TF_VERSION < (2, 16):
    keras = tf.keras
else:
    try:
        import tf_keras as keras  # type: ignore[no-redef]
    except ImportError as error:
        raise ImportError(
            f"TensorFlow {tf.__version__} brings Keras 3, and d3d_tf needs "
            "Keras 2: run `pip install "
            f"'tf_keras~={tf.__version__.rsplit('.', 1)[0]}.0'`."
        ) from error

__all__ = ["keras"]
