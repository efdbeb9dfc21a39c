"""UCF-101 by its official lists, `ucfTrainTestlist`.

`trainlist01.txt` has lines `CLASS/v_CLASS_g01_c01.avi 1`, `testlist01.txt` the
same without the number. Files are recognised by name, in any case, at any
depth and with any suffix: the folder is called HandstandPushups, its files
v_HandStandPushups_..., and the lists know one spelling or the other.
"""

from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.names import spell
from d3d_tf.text_lists import label_map, read_lines
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    listed_once,
    plain,
)
from d3d_tf.tfrecords.listing import Listing, Source

ANNOTATIONS = "FOLDER with trainlist01.txt and the others (ucfTrainTestlist)"


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists official split `data.split`; ids are `CLASS/FILE.avi`.

    Raises:
      UserError: no such lists, a class UCF-101 does not have, or no listed
        video on disk.
    """
    classes = label_map("ucf101")
    labels = {plain(name): label for label, name in enumerate(classes)}
    below = files_below(folder)
    files = index_files(below, lambda path: plain(path.stem))
    sources = []
    for split in ("train", "test"):
        path = annotations / f"{split}list{data.split:02d}.txt"
        for number, line in _lines(path):
            # The number is that of the class; some copies have none, or some.
            class_name, _, file_name = line.split()[0].partition("/")
            label = labels.get(plain(class_name))
            if label is None or not file_name:
                raise UserError(
                    f"{path}, line {number}: expected CLASS/FILE.avi with a "
                    f"class of UCF-101; got {line!r}."
                )
            found = files.get(plain(Path(file_name).stem), [])
            sources.append(
                Source(
                    id=f"{classes[label]}/{spell(file_name)}",
                    path=str(found[0]) if found else "",
                    label=label,
                    class_name=classes[label],
                    split=split,
                )
            )
    sources, notes = listed_once(sources)
    return finish(
        "ucf101",
        classes,
        sources,
        below,
        notes,
        folder=folder,
        example=f"{folder}/{sources[0].id}",
    )


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        lines = read_lines(path)
    except OSError as error:
        raise UserError(
            f"There is no {path}; UCF-101's lists come in a folder "
            "ucfTrainTestlist with trainlist01.txt to testlist03.txt."
        ) from error
    if not lines:
        raise UserError(f"{path} lists no video.")
    return lines
