"""Publishes a network of features as a module."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from d3d_tf.atomic_files import to_path
from d3d_tf.config.frame_sampling import MAX_FRAMES, FrameSamplingRecipe
from d3d_tf.hub_export.cut_network import CLASSIFICATION, video_part
from d3d_tf.hub_export.draft import one_line_each
from d3d_tf.hub_export.export import published
from d3d_tf.hub_export.features.draft import FeatureDraft
from d3d_tf.hub_export.features.inputs import FeatureSpec
from d3d_tf.hub_export.precision import full_precision
from d3d_tf.models.feature_clip import FeatureNetwork
from d3d_tf.tasks import YOUTUBE8M

_ALL = FrameSamplingRecipe()


def export_features(
    network: FeatureNetwork,
    folder: str | Path,
    *,
    labels: list[str],
    sampling: FrameSamplingRecipe = _ALL,
    longest: int = MAX_FRAMES,
    info: dict[str, Any] | None = None,
    compare: Callable[[Any], dict[str, Any]] | None = None,
) -> Path:
    """Publishes `folder/VERSION`, a TF-Hub module and TF Serving version.

    As `hub_export.export.export_module`; for what the module takes see
    `hub_export.features.module.make_module`.

    Args:
      network: with its variables.
      folder: parent of the version folders.
      labels: class names in order.
      sampling: the frames that the network sees of those that are sent.
      longest: see `FeatureSpec`.
      info, compare: as there.

    Returns:
      The version folder.

    Raises:
      DiskError, UserError: as there.
    """
    labels = one_line_each(labels)
    with full_precision(network) as network:
        part = video_part(network, CLASSIFICATION, None, YOUTUBE8M)
        widths = network.recipe.widths
        spec = FeatureSpec(sampling, int(longest), **widths)
        draft = FeatureDraft(network, part, spec, labels)
        return published(draft, to_path(folder), info or {}, compare)
