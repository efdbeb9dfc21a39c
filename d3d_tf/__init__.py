"""D3D, Distilled 3D Networks for video action recognition, in TensorFlow 2.

Importing this package imports nothing else, but has TensorFlow compute with
oneDNN (`d3d_tf.onednn`); public names load on first use.
"""

from d3d_tf import onednn as _onednn

_onednn.turn_on()

__version__ = "0.2.0"

_HOME = {
    "S3DG": "d3d_tf.models.inception.networks",
    "S3D": "d3d_tf.models.inception.networks",
    "I3D": "d3d_tf.models.inception.networks",
    "NonLocalS3DG": "d3d_tf.models.inception.networks",
    "LearnedFlowS3DG": "d3d_tf.models.learned_flow.network",
    "X3D": "d3d_tf.models.x3d.network",
    "ResNet": "d3d_tf.models.resnet.network",
    "Distiller": "d3d_tf.distill.distiller",
    "make_dataset": "d3d_tf.data.pipeline",
    "tvl1_flow": "d3d_tf.tfrecords.flow",
    "export_module": "d3d_tf.hub_export.export",
    "load_checkpoint": "d3d_tf.runs.loading",
}
__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'd3d_tf' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
