"""Whole networks: a trunk and a head under the name the papers use."""

import dataclasses
from typing import Any

import numpy as np

from d3d_tf.heads.classification import ClassificationHead
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.blocks import UnitOptions
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.inception.fold_check import require_right_fold
from d3d_tf.models.inception.folding import fold_batch_norm
from d3d_tf.models.inception.trunk import Inception3D
from d3d_tf.models.network import VideoNetwork, make_variables


class InceptionNetwork(VideoNetwork):
    """What all four networks are: Inception in three dimensions and a head.

    They take RGB in [-1, 1]. Defaults are those of the released Kinetics-400
    networks; 64 x 224 x 224 is the size they were trained on, and any size
    works.

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
        self._config = {"num_classes": num_classes} | trunk | units | head

    def folded(self, *, verified: bool = False) -> "InceptionNetwork":
        copy = fold_batch_norm(self)
        if verified:
            require_right_fold(self, copy)
        return copy

    def scale_input(self, factors: tuple[float, ...]) -> bool:
        conv = self.trunk.units[0].conv
        conv.kernel = conv.kernel * np.asarray(factors, np.float32)[:, None]
        return True

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self._config


@keras.utils.register_keras_serializable("d3d_tf")
class S3DG(InceptionNetwork):
    """S3D-G, the network of D3D (section 4), as released in TF-Slim."""


@keras.utils.register_keras_serializable("d3d_tf")
class S3D(InceptionNetwork):
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
class I3D(InceptionNetwork):
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
class NonLocalS3DG(InceptionNetwork):
    """S3D-G with two non-local blocks (D3D, section 4.4)."""

    non_local_before = ("Mixed_5b", "Mixed_5c")


# By the recipe's `network.model`; `config/network.py` names the same.
NETWORKS: dict[str, type[InceptionNetwork]] = {
    "s3dg": S3DG,
    "s3d": S3D,
    "i3d": I3D,
    "s3dg_nonlocal": NonLocalS3DG,
}


def build(
    recipe: InceptionRecipe, num_classes: int, channels: int
) -> InceptionNetwork:
    """A network with its variables; see `d3d_tf.models.make_network`."""
    arguments = dataclasses.asdict(recipe)
    make = NETWORKS[arguments.pop("model")]
    if recipe.first_temporal_kernel is None:
        del arguments["first_temporal_kernel"]
    if recipe.model in ("s3d", "i3d"):
        del arguments["gating_start_at"]
    network = make(num_classes, name=make.__name__, **arguments)
    return make_variables(network, channels)
