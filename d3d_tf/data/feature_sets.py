"""Makes a data set of a folder of YouTube-8M's files, which are left alone.

What is known of them, a `dataset.json` that points there and the label map,
goes into a folder of its own among our records, `NAME-DIGEST8`.
"""

import csv
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError

from d3d_tf.atomic_files import file_size, resolved, to_path, write_atomically
from d3d_tf.config import DataRecipe, FlowRecipe, digest, to_dict
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.framing import read_context
from d3d_tf.data.index_foreign import given_classes
from d3d_tf.data.shards import foreign_shards, split_of
from d3d_tf.data.youtube8m import CLASSES, FeatureFiles, open_features
from d3d_tf.errors import UserError
from d3d_tf.sealed import sealed

# The kit's, beside the files: a line for each class, with its name.
VOCABULARY = "vocabulary.csv"


def adopt_features(folder: Path, records_dir: Path) -> Dataset:
    """The data set of a folder of YouTube-8M's files; counts new ones.

    Classes are those of `vocabulary.csv` or the lines of `label_map.txt` in the
    folder; without these files their numbers, 4716 of the release of 2017 and
    3862 of that of 2018.

    Args:
      folder: where the files are, or folders of them named like splits.
      records_dir: where our records live.

    Raises:
      UserError: there are none, or a file is not whole or something else.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder} of --data.")
    shards = foreign_shards(folder)
    if not shards:
        raise UserError(
            f"{folder} has no TFRecord files: name the folder with those of "
            "YouTube-8M, such as train0000.tfrecord."
        )
    folder = resolved(folder)
    classes = classes_of(folder, sorted(shards))
    identity = digest(str(folder), shards, classes)
    target = records_dir / f"{folder.name}-{identity[:8]}"
    if not (target / "dataset.json").exists():
        splits = sorted({split_of(name) for name in shards})
        found = {s: open_features(folder, s, len(classes)) for s in splits}
        info = describe_files(folder, classes, found)
        target.mkdir(parents=True, exist_ok=True)
        write_atomically(
            target / "label_map.txt", "".join(f"{n}\n" for n in classes)
        )
        write_atomically(target / "dataset.json", sealed(info))
    return open_dataset(target)


def files_of(dataset: Dataset, split: str) -> FeatureFiles:
    """The files of a split, which must be those that were counted.

    Raises:
      UserError: one is gone, or of another size.
    """
    features = dataset.info["features"]
    shards = dataset.shards(split)
    for path in shards:
        name = str(Path(path).relative_to(features["folder"]))
        size = file_size(path) if to_path(path).exists() else None
        if size != features["bytes"][name]:
            raise UserError(
                f"{path} "
                + ("is gone" if size is None else f"has {size} bytes")
                + f"; it had {features['bytes'][name]} when it was counted. "
                "Copy it again, or name the folder with --data to have its "
                "files counted anew."
            )
    return FeatureFiles(
        shards,
        len(dataset.classes),
        features["video_level"],
        sum(file_size(path) for path in shards),
        features["widths"],
    )


def classes_of(folder: Path, names: list[str]) -> list[str]:
    """By the folder's own lists, or by the release that wrote the files.

    Args:
      folder: of the files.
      names: of the files.

    Raises:
      UserError: its list is something else.
    """
    vocabulary = folder / VOCABULARY
    if vocabulary.exists():
        try:
            with vocabulary.open(newline="") as file:
                rows = list(csv.DictReader(file))
            # Some entities of 2018 have no name, and names occur twice.
            named = {int(r["Index"]): r["Name"] or r["Index"] for r in rows}
            return _distinct([named[place] for place in range(len(rows))])
        except (OSError, ValueError, LookupError, csv.Error) as error:
            raise UserError(
                f"{vocabulary} is not YouTube-8M's list of classes, with the "
                f"columns Index (from 0 on) and Name ({error!r})."
            ) from error
    if given := given_classes(folder):
        return given
    for name in names:
        try:
            context = read_context(folder / name)
            found = tf.train.Features.FromString(context).feature
        except DecodeError:
            found = {}
        if found:
            year = 2017 if "video_id" in found else 2018
            return [str(place) for place in range(CLASSES[year])]
    return [str(place) for place in range(CLASSES[2018])]


def _distinct(names: list[str]) -> list[str]:
    """Where a name occurs again, its number is added."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            names[place] = f"{name} ({place})"
        seen.add(names[place])
    return names


def describe_files(
    folder: Path, classes: list[str], found: dict[str, FeatureFiles]
) -> dict:
    """The content of dataset.json; no record is read for it.

    Args:
      folder: where the files are.
      classes: names in order.
      found: the files of each split, of one kind and width.

    Raises:
      UserError: they are of several kinds.
    """
    relative = {
        split: {
            str(Path(path).relative_to(folder)): count
            for path, count in files.shards.items()
        }
        for split, files in found.items()
    }
    sizes = {
        name: file_size(folder / name)
        for names in relative.values()
        for name in names
    }
    levels = {files.video_level for files in found.values()}
    if len(levels) > 1:
        raise UserError(
            f"{folder} holds frames in one split and means of videos in "
            "another: name a folder with files of one kind."
        )
    return {
        "name": folder.name,
        "digest": digest(relative, sizes, classes),
        "num_videos": sum(files.num_videos for files in found.values()),
        "num_bytes": sum(sizes.values()),
        "num_skipped": 0,
        "num_trimmed": 0,
        "splits": {split: files.num_videos for split, files in found.items()},
        "shards": {},
        "features": {
            "folder": str(folder),
            "shards": relative,
            "bytes": sizes,
            "video_level": levels.pop(),
            "widths": dict(next(iter(found.values())).widths),
        },
        "several_labels": True,
        "classes": classes,
        # Not known without reading all of them.
        "empty_classes": [],
        "frames": {"min": 1, "max": MAX_FRAMES, "sum": 0},
        "clipped_flow": 0.0,
        "recipe": {
            "data": to_dict(DataRecipe()),
            "flow": to_dict(FlowRecipe()),
        },
        "flow": {},
        "flow_recipe": digest({}),
    }
