"""What `d3d_tf.models` asks of this family."""

from d3d_tf.models.inception.architecture import (
    HEAD_NAMES,
    TRAINING,
    architecture,
)
from d3d_tf.models.inception.checkpoints.original import TF1Original
from d3d_tf.models.inception.networks import build

__all__ = [
    "HEAD_NAMES",
    "TRAINING",
    "architecture",
    "build",
    "open_original",
]
open_original = TF1Original
