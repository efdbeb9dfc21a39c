"""Publishes a detector as a module."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from d3d_tf.atomic_files import to_path
from d3d_tf.detector.network import Detector
from d3d_tf.errors import UserError
from d3d_tf.hub_export.detection.draft import DetectionDraft
from d3d_tf.hub_export.detection.inputs import KeyframeSpec
from d3d_tf.hub_export.draft import one_line_each
from d3d_tf.hub_export.export import published


def export_detector(
    detector: Detector,
    folder: str | Path,
    *,
    labels: list[str],
    frames: int,
    short_side: int,
    info: dict[str, Any] | None = None,
    compare: Callable[[Any], dict[str, Any]] | None = None,
) -> Path:
    """Publishes `folder/VERSION`, a TF-Hub module and TF Serving version.

    As `hub_export.export.export_module`; the module takes `frames` and `boxes`,
    see `hub_export.detection.module.make_module`.

    Args:
      detector: with its variables, of float32.
      folder: parent of the version folders.
      labels: names of the actions in order.
      frames: of the clips that it was trained on.
      short_side: pixels of the frames that it was scored on.
      info, compare: as there.

    Returns:
      The version folder.

    Raises:
      DiskError, UserError: as there.
    """
    frames, short_side = int(frames), int(short_side)
    if frames < 1 or short_side < 1:
        raise UserError(
            "A clip has at least 1 frame of 1 pixel; got frames "
            f"{frames} and short_side {short_side}."
        )
    if detector.compute_dtype != "float32":
        raise UserError(
            "A detector is exported in float32; this one computes in "
            f"{detector.compute_dtype}. Load its run without a mixed policy."
        )
    stride = detector.backbone.trunk.time_stride(detector.recipe.endpoint)
    draft = DetectionDraft(
        detector,
        KeyframeSpec(frames, short_side, min(frames, stride)),
        one_line_each(labels),
    )
    return published(draft, to_path(folder), info or {}, compare)
