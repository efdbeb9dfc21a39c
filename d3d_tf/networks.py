"""Whole networks: a trunk and a head under the name the papers use."""

import tensorflow as tf

from d3d_tf.config import NetworkRecipe
from d3d_tf.heads.classification import ClassificationHead
from d3d_tf.keras_api import keras
from d3d_tf.models.blocks import UnitOptions
from d3d_tf.models.inception3d import Inception3D


@keras.utils.register_keras_serializable("d3d_tf")
class S3DG(keras.Model):
    """S3D-G, the network of D3D (section 4), as released in TF-Slim.

    `network(clip)` takes `[batch, time, height, width, channels]` float in
    [-1, 1]: RGB (channels 3), or optical flow (channels 2, (u, v) in units of
    20 px per frame). It returns `[batch, num_classes]` float32 logits.
    Defaults are those of the released Kinetics-400 network; 64 x 224 x 224 is
    the size it was trained on, and any size works.

    Args:
      num_classes: number of logits.
      dropout: see `ClassificationHead`.
      depth_multiplier, min_depth, first_temporal_kernel,
      temporal_conv_start_at, gating_start_at: see `Inception3D`.
      weight_decay, batch_norm_momentum, synchronized_batch_norm,
      fan_in_initializer: see `UnitOptions`.
    """

    separable = True

    def __init__(
        self,
        num_classes: int = 400,
        *,
        dropout: float = 0.2,
        depth_multiplier: float = 1.0,
        min_depth: int = 16,
        first_temporal_kernel: int = 3,
        temporal_conv_start_at: str | None = "Conv2d_2c_3x3",
        gating_start_at: str | None = "Conv2d_2c_3x3",
        weight_decay: float = 1e-7,
        batch_norm_momentum: float = 0.999,
        synchronized_batch_norm: bool = False,
        fan_in_initializer: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        options = UnitOptions(
            weight_decay=weight_decay,
            batch_norm_momentum=batch_norm_momentum,
            synchronized_batch_norm=synchronized_batch_norm,
            separable=self.separable,
            fan_in_initializer=fan_in_initializer,
        )
        self.trunk = Inception3D(
            options,
            first_temporal_kernel=first_temporal_kernel,
            temporal_conv_start_at=temporal_conv_start_at,
            gating_start_at=gating_start_at,
            depth_multiplier=depth_multiplier,
            min_depth=min_depth,
            name="InceptionV1",
        )
        self.head = ClassificationHead(
            num_classes,
            dropout=dropout,
            weight_decay=weight_decay,
            name="Logits",
        )
        self._config = {
            "num_classes": num_classes,
            "dropout": dropout,
            "depth_multiplier": depth_multiplier,
            "min_depth": min_depth,
            "first_temporal_kernel": first_temporal_kernel,
            "temporal_conv_start_at": temporal_conv_start_at,
            "gating_start_at": gating_start_at,
            "weight_decay": weight_decay,
            "batch_norm_momentum": batch_norm_momentum,
            "synchronized_batch_norm": synchronized_batch_norm,
            "fan_in_initializer": fan_in_initializer,
        }

    def call(self, inputs, training=None):
        features = self.trunk(inputs, training=training)
        return self.head(features["Mixed_5c"], training=training)

    def features(self, inputs):
        """`{endpoint: tensor}` in inference mode; see `Inception3D`."""
        return self.trunk(inputs, training=False)

    def get_config(self):
        return super().get_config() | self._config


CHANNELS = {"frames": 3, "flow": 2}


def make_network(recipe: NetworkRecipe, num_classes: int, stream: str):
    """A network with its variables made.

    Args:
      recipe: architecture and regularisation.
      num_classes: number of logits.
      stream: `frames` (3 channels) or `flow` (2).
    """
    network = S3DG(
        num_classes,
        dropout=recipe.dropout,
        depth_multiplier=recipe.depth_multiplier,
        min_depth=recipe.min_depth,
        first_temporal_kernel=recipe.first_temporal_kernel,
        weight_decay=recipe.weight_decay,
        batch_norm_momentum=recipe.batch_norm_momentum,
        synchronized_batch_norm=recipe.synchronized_batch_norm,
        fan_in_initializer=recipe.fan_in_initializer,
        name="S3DG",
    )
    network(tf.zeros([1, 2, 32, 32, CHANNELS[stream]]))
    return network
