"""UCF-101 by its official lists, `ucfTrainTestlist`.

`trainlist01.txt` has lines `CLASS/v_CLASS_g01_c01.avi 1`, `testlist01.txt` the
same without the number. Files are recognised by name, in any case, at any
depth and with any suffix: the folder is called HandstandPushups, its files
v_HandStandPushups_..., and the lists know one spelling or the other.
"""

from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.on_disk import (
    finish,
    index_files,
    label_map,
    listed_once,
    plain,
)
from d3d_tf.tfrecords.sources import Listing, Source


def list_ucf101(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists official split `data.split`; ids are `CLASS/FILE.avi`.

    Raises:
      UserError: no such lists, a class UCF-101 does not have, or no listed
        video on disk.
    """
    classes = label_map("ucf101")
    labels = {plain(name): label for label, name in enumerate(classes)}
    files = index_files(folder, lambda path: plain(path.stem))
    sources = []
    for split in ("train", "test"):
        path = annotations / f"{split}list{data.split:02d}.txt"
        for number, line in enumerate(_lines(path), 1):
            name = line.rsplit(" ", 1)[0] if split == "train" else line
            class_name, _, file_name = name.strip().partition("/")
            label = labels.get(plain(class_name))
            if label is None or not file_name:
                raise UserError(
                    f"{path}, line {number}: expected CLASS/FILE.avi with a "
                    f"class of UCF-101; got {line!r}."
                )
            found = files.get(plain(Path(file_name).stem), [])
            sources.append(
                Source(
                    id=f"{classes[label]}/{file_name}",
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
        sum(len(paths) for paths in files.values()),
        notes,
        folder=folder,
        example=f"{folder}/{sources[0].id}",
    )


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(
            f"There is no {path}; UCF-101's lists come in a folder "
            "ucfTrainTestlist with trainlist01.txt to testlist03.txt."
        ) from error
    return [line.strip() for line in lines if line.strip()]
