"""Whole networks: a trunk and a head under the name the papers use."""

import dataclasses
from typing import Any

import numpy as np

from d3d_tf.errors import UsageError
from d3d_tf.heads.classification import ClassificationHead
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.inception.folding import (
    fold_batch_norm,
    require_right_fold,
)
from d3d_tf.models.inception.trunk import Inception3D
from d3d_tf.models.network import VideoNetwork, make_variables
from d3d_tf.models.network_recipe import NetworkRecipe

# The recipe's fields that are arguments of these networks alone.
OPTIONS = tuple(
    field.name
    for field in dataclasses.fields(InceptionRecipe)
    if not hasattr(NetworkRecipe, field.name)
)


class InceptionNetwork(VideoNetwork):
    """What all four networks are: Inception in three dimensions and a head.

    They take RGB in [-1, 1]. Defaults are those of `InceptionRecipe`, which
    are the released Kinetics-400 networks'; 64 x 224 x 224 is the size they
    were trained on, and any size works.

    Args:
      num_classes: number of logits.
      options: the fields of `InceptionRecipe`, which are the next ones, and
        what a Keras model takes.
      dropout, head_pooling: see `ClassificationHead`.
      depth_multiplier: all channel counts are multiplied by it,
      min_depth: but are at least this (TF-Slim's rule).
      first_temporal_kernel: taps in time of Conv2d_1a_7x7, one of 1, 3, 5, 7;
        None: 7 in I3D, else 3. It is never separated.
      temporal_conv_start_at: endpoint from which 3x3 convolutions span three
        frames; before it they see one. None: nowhere.
      gating_start_at: endpoint from which units are gated. None: nowhere, as
        in S3D and I3D.
      final_endpoint: the endpoint that the head sees, the trunk's last.
      weight_decay, batch_norm_momentum, synchronized_batch_norm,
      fan_in_initializer: see `UnitOptions`.
      normaliser, statistics, frames_per_group, bidirectional, reduction: of
        DNR, see `RelayRecipe`.
      recompute: in training, keep only what passes between segments, and
        compute the inside of a segment again in the backward pass. A segment
        is a `ConvUnit` or an `InceptionBlock` with the pooling behind it; a
        training call returns the last endpoint of each. Takes effect once the
        variables are made.

    Raises:
      ValueError: an argument is none of its choices.
    """

    separable = True
    non_local_before: tuple[str, ...] = ()
    # Options whose default is another than the recipe's.
    defaults: dict[str, Any] = {}

    def __init__(self, num_classes: int = 400, **options: Any) -> None:
        if options.get("first_temporal_kernel") is None:
            options.pop("first_temporal_kernel", None)
        own = {name: options.pop(name) for name in OPTIONS if name in options}
        # A recipe holds Python's numbers, not NumPy's.
        own |= {
            name: value.item()
            for name, value in own.items()
            if isinstance(value, np.generic)
        }
        super().__init__(**options)
        try:
            recipe = InceptionRecipe(**self.defaults | own)
        except UsageError as error:
            raise ValueError(str(error)) from None
        self.trunk = Inception3D(
            recipe,
            separable=self.separable,
            non_local_before=self.non_local_before,
            name="InceptionV1",
        )
        self.head = ClassificationHead(
            num_classes,
            dropout=recipe.dropout,
            pooling=recipe.head_pooling,
            weight_decay=recipe.weight_decay,
            name="Logits",
        )
        self._config = {
            "num_classes": num_classes,
            **{name: getattr(recipe, name) for name in OPTIONS},
            "first_temporal_kernel": recipe.first_kernel,
        }

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

    defaults = {"gating_start_at": None}


@keras.utils.register_keras_serializable("d3d_tf")
class I3D(InceptionNetwork):
    """I3D (Carreira and Zisserman, CVPR 2017), as TF-Slim and DeepMind have it.

    All kernels are full 3-D ones, the first spans 7 frames, nothing is gated.
    """

    separable = False
    defaults = {"first_temporal_kernel": 7, "gating_start_at": None}


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
    if recipe.model in ("s3d", "i3d"):
        del arguments["gating_start_at"]
    network = make(num_classes, name=make.__name__, **arguments)
    return make_variables(network, channels)
