"""What `d3d_tf.models` asks of this family."""

from d3d_tf.models.inception.architecture import HEAD_NAMES, architecture
from d3d_tf.models.inception.networks import InceptionNetwork, build

PIXELS = InceptionNetwork.pixels

__all__ = ["HEAD_NAMES", "PIXELS", "architecture", "build"]
