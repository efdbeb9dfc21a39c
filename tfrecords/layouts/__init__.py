"""Data sets as people have them: where the videos lie and what lists them."""

import functools
from collections.abc import Callable
from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UsageError
from d3d_tf.tfrecords.layouts.csv_list import list_csv
from d3d_tf.tfrecords.layouts.hmdb51 import list_hmdb51
from d3d_tf.tfrecords.layouts.kinetics import list_kinetics
from d3d_tf.tfrecords.layouts.ucf101 import list_ucf101
from d3d_tf.tfrecords.listing import Listing, list_folder


def list_videos(
    folder: str | Path, annotations: str | Path | None, data: DataRecipe
) -> Listing:
    """All videos of the data set in `folder`, by `data.layout`.

    Args:
      folder: where the video files are.
      annotations: the data set's own list: the folder of its files, or one
        CSV file.
      data: the layout, and what it needs.

    Raises:
      UsageError: a list was given to a layout without one, or none to one
        that needs it.
      UserError: nothing usable is there.
    """
    if data.layout == "folders":
        if annotations:
            raise UsageError(
                "--annotations has no effect with data.layout=folders; name "
                f"another layout: --set layout={'|'.join(LISTED)}."
            )
        return list_folder(folder, test_share=data.test_share)
    if not annotations:
        raise UsageError(
            f"data.layout={data.layout} needs --mode=prepare with "
            f"--annotations={NEEDED[data.layout]}; docs/datasets.md says "
            "where to get it. Other modes take the prepared records as --data."
        )
    return LISTED[data.layout](Path(folder), Path(annotations), data)


# Layouts whose videos are counted against a list.
LISTED: dict[str, Callable[[Path, Path, DataRecipe], Listing]] = {
    "csv": list_csv,
    "kinetics400": functools.partial(list_kinetics, name="kinetics400"),
    "kinetics600": functools.partial(list_kinetics, name="kinetics600"),
    "kinetics700": functools.partial(list_kinetics, name="kinetics700"),
    "ucf101": list_ucf101,
    "hmdb51": list_hmdb51,
    "jhmdb": list_hmdb51,
}
_KINETICS = "FOLDER with train.csv, val.csv, test.csv, or one of them"
NEEDED = {
    "csv": "FILE.csv with the columns path, label and more",
    "kinetics400": _KINETICS,
    "kinetics600": _KINETICS,
    "kinetics700": _KINETICS,
    "ucf101": "FOLDER with trainlist01.txt and the others (ucfTrainTestlist)",
    "hmdb51": "FOLDER with CLASS_test_split1.txt and the others",
    "jhmdb": "FOLDER with CLASS_test_split1.txt and the others (splits)",
}
