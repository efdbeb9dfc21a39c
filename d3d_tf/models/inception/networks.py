"""Whole networks: a trunk and a head under the name the papers use."""

import dataclasses
from typing import Any

import tensorflow as tf

from d3d_tf.config import NetworkRecipe
from d3d_tf.heads.classification import ClassificationHead
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.blocks import UnitOptions
from d3d_tf.models.inception.trunk import Inception3D
from d3d_tf.streams import CHANNELS


class VideoNetwork(keras.Model):
    """What all four networks are: Inception in three dimensions and a head.

    `network(clip)` takes `[batch, time, height, width, channels]` float in
    [-1, 1]: RGB (channels 3), or optical flow (channels 2, (u, v) in units of
    20 px per frame). It returns `[batch, num_classes]` float32 logits.
    Defaults are those of the released Kinetics-400 networks; 64 x 224 x 224 is
    the size they were trained on, and any size works.

    Args:
      num_classes: number of logits.
      dropout, head_pooling: see `ClassificationHead`.
      depth_multiplier, min_depth, first_temporal_kernel,
      temporal_conv_start_at, gating_start_at, recompute: see `Inception3D`.
      final_endpoint: the endpoint that the head sees, the trunk's last.
      weight_decay, batch_norm_momentum, synchronized_batch_norm,
      fan_in_initializer: see `UnitOptions`.

    Raises:
      ValueError: an argument is none of its choices.
    """

    separable = True
    non_local_before: tuple[str, ...] = ()

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
        final_endpoint: str = "Mixed_5c",
        head_pooling: str = "overlapping",
        weight_decay: float = 1e-7,
        batch_norm_momentum: float = 0.999,
        synchronized_batch_norm: bool = False,
        fan_in_initializer: bool = False,
        recompute: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        trunk: dict[str, Any] = {
            "depth_multiplier": depth_multiplier,
            "min_depth": min_depth,
            "first_temporal_kernel": first_temporal_kernel,
            "temporal_conv_start_at": temporal_conv_start_at,
            "gating_start_at": gating_start_at,
            "final_endpoint": final_endpoint,
            "recompute": recompute,
        }
        units: dict[str, Any] = {
            "weight_decay": weight_decay,
            "batch_norm_momentum": batch_norm_momentum,
            "synchronized_batch_norm": synchronized_batch_norm,
            "fan_in_initializer": fan_in_initializer,
        }
        head = {"dropout": dropout, "head_pooling": head_pooling}
        self.trunk = Inception3D(
            UnitOptions(separable=self.separable, **units),
            non_local_before=self.non_local_before,
            name="InceptionV1",
            **trunk,
        )
        self.head = ClassificationHead(
            num_classes,
            dropout=dropout,
            pooling=head_pooling,
            weight_decay=weight_decay,
            name="Logits",
        )
        self._final_endpoint = final_endpoint
        self._config = {"num_classes": num_classes} | trunk | units | head

    def call(self, inputs: Any, training: Any = None) -> Any:
        return self._logits(inputs, training)

    # Nothing in here branches on a tensor: AutoGraph has nothing to do. (It is
    # no decorator of `call`: Keras reads that one's arguments.)
    @tf.autograph.experimental.do_not_convert
    def _logits(self, inputs: Any, training: Any) -> Any:
        features = self.trunk(inputs, training=training)
        return self.head(features[self._final_endpoint], training=training)

    def features(self, inputs: Any) -> dict[str, Any]:
        """`{endpoint: tensor}` in inference mode; see `Inception3D`."""
        return self.trunk(inputs, training=False)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self._config


@keras.utils.register_keras_serializable("d3d_tf")
class S3DG(VideoNetwork):
    """S3D-G, the network of D3D (section 4), as released in TF-Slim."""


@keras.utils.register_keras_serializable("d3d_tf")
class S3D(VideoNetwork):
    """S3D-G without gates (Xie et al., ECCV 2018, section 4.2)."""

    def __init__(
        self,
        num_classes: int = 400,
        *,
        gating_start_at: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, gating_start_at=gating_start_at, **kwargs)


@keras.utils.register_keras_serializable("d3d_tf")
class I3D(VideoNetwork):
    """I3D (Carreira and Zisserman, CVPR 2017), as TF-Slim and DeepMind have it.

    All kernels are full 3-D ones, the first spans 7 frames, nothing is gated.
    """

    separable = False

    def __init__(
        self,
        num_classes: int = 400,
        *,
        first_temporal_kernel: int = 7,
        gating_start_at: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_classes,
            first_temporal_kernel=first_temporal_kernel,
            gating_start_at=gating_start_at,
            **kwargs,
        )


@keras.utils.register_keras_serializable("d3d_tf")
class NonLocalS3DG(VideoNetwork):
    """S3D-G with two non-local blocks (D3D, section 4.4)."""

    non_local_before = ("Mixed_5b", "Mixed_5c")


# By the recipe's `network.model`; `config/checks.py` names the same.
NETWORKS: dict[str, type[VideoNetwork]] = {
    "s3dg": S3DG,
    "s3d": S3D,
    "i3d": I3D,
    "s3dg_nonlocal": NonLocalS3DG,
}


def make_network(
    recipe: NetworkRecipe, num_classes: int, stream: str
) -> VideoNetwork:
    """A network with its variables made.

    Args:
      recipe: architecture and regularisation.
      num_classes: number of logits.
      stream: `frames` (3 channels) or `flow` (2).
    """
    arguments = dataclasses.asdict(recipe)
    make = NETWORKS[arguments.pop("model")]
    if recipe.first_temporal_kernel is None:
        del arguments["first_temporal_kernel"]
    if recipe.model in ("s3d", "i3d"):
        del arguments["gating_start_at"]
    network = make(num_classes, name=make.__name__, **arguments)
    network(tf.zeros([1, 2, 32, 32, CHANNELS[stream]]))
    return network
