"""Data sets as people have them: where the videos lie and what lists them."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from d3d_tf.errors import UsageError, UserError

if TYPE_CHECKING:
    from d3d_tf.config import DataRecipe
    from d3d_tf.tfrecords.listing import Listing

_HERE = "d3d_tf.tfrecords.layouts"
# `data.layout`: the module that lists its videos. It has `list_videos`, as
# below, and `ANNOTATIONS`, what list it needs; None: none. The recipe reads
# this table without TensorFlow.
LAYOUTS = {
    "folders": f"{_HERE}.folders",
    "csv": f"{_HERE}.csv_list",
    "kinetics400": f"{_HERE}.kinetics",
    "kinetics600": f"{_HERE}.kinetics",
    "kinetics700": f"{_HERE}.kinetics",
    "ucf101": f"{_HERE}.ucf101",
    "hmdb51": f"{_HERE}.hmdb51",
    "jhmdb": f"{_HERE}.hmdb51",
    "charades": f"{_HERE}.charades",
    "ava": f"{_HERE}.ava",
    "kinetics200": f"{_HERE}.kinetics200",
    "sthv1": f"{_HERE}.something",
    "sthv2": f"{_HERE}.something",
}


def list_videos(
    folder: str | Path, annotations: str | Path | None, data: "DataRecipe"
) -> "Listing":
    """All videos of the data set in `folder`, by `data.layout`.

    Args:
      folder: where the video files are.
      annotations: the data set's own list: the folder of its files, or one
        CSV file.
      data: the layout, and what it needs.

    Raises:
      UsageError: a list was given to a layout without one, or none to one
        that needs it.
      UserError: there is no such folder, or nothing usable in it.
    """
    layout = importlib.import_module(LAYOUTS[data.layout])
    if annotations and not layout.ANNOTATIONS:
        others = "|".join(name for name in LAYOUTS if name != data.layout)
        raise UsageError(
            f"--annotations has no effect with data.layout={data.layout}; name "
            f"another layout: --set layout={others}."
        )
    if not Path(folder).exists():
        # Before its lists are asked for.
        raise UserError(f"There is no folder {folder}.")
    if layout.ANNOTATIONS and not annotations:
        raise UsageError(
            f"data.layout={data.layout} needs --mode=prepare with "
            f"--annotations={layout.ANNOTATIONS}; docs/datasets.md says "
            "where to get it. Other modes take the prepared records as --data."
        )
    return layout.list_videos(
        Path(folder), annotations and Path(annotations), data
    )
