"""Videos in a folder per class."""

from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.tfrecords.listing import Listing, list_folder

ANNOTATIONS = None


def list_videos(folder: Path, annotations: None, data: DataRecipe) -> Listing:
    """See `list_folder`.

    Args:
      folder: of the videos.
      annotations: there are none.
      data: the share to hold out.

    Raises:
      UserError: as there.
    """
    del annotations
    return list_folder(folder, test_share=data.test_share)
