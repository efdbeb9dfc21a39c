"""Kinetics-200: the largest classes of Kinetics-400, as many videos of each.

DNR's supplement has the 200 classes with the most videos, and 400 training and
25 validation videos of each, drawn at random (80,000 and 5,000). Nobody has
published which; ours follow from the user's own lists of Kinetics-400, whatever
the seed: classes by the number of training videos in the list, and of each the
videos on disk whose ids have the smallest SHA-256. Classes are in the order of
Kinetics-400. The choice is written beside the records, as a list of Kinetics.
"""

import csv
import dataclasses
import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.text_lists import label_map
from d3d_tf.tfrecords.layouts import kinetics
from d3d_tf.tfrecords.layouts.common import finish
from d3d_tf.tfrecords.listing import Listing, Source

ANNOTATIONS = kinetics.ANNOTATIONS
CLASSES = 200
VIDEOS = {"train": 400, "val": 25}  # Of each class.


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists the choice; ids are those of Kinetics-400.

    Videos that would have been chosen but are not on disk are missing, and
    others take their places.

    Args:
      folder: of the videos.
      annotations: the CSV files of Kinetics-400, or `list.csv` of such records.
      data: no field is read.

    Raises:
      UserError: as of `kinetics.list_videos`.
    """
    videos, below, notes = kinetics.listed(folder, annotations, "kinetics400")
    classes = largest_classes(videos)
    if not classes:
        raise UserError(
            f"{annotations} lists no training video: Kinetics-200 are the "
            "classes with the most, so the list of Kinetics-400's training "
            "videos is needed."
        )
    chosen = [
        dataclasses.replace(source, label=classes.index(source.class_name))
        for source in choose(videos, classes)
    ]
    lacking = _count_lacking(chosen, classes)
    if lacking:
        notes.append(
            f"{lacking} classes and splits have fewer videos on disk than "
            "Kinetics-200 has of each"
        )
    listing = finish(
        "kinetics200",
        classes,
        chosen,
        below,
        notes,
        folder=folder,
        example=f"{folder}/.../{chosen[0].id.split('/')[1]}.mp4",
    )
    return dataclasses.replace(listing, own_list=_written(listing.sources))


def largest_classes(videos: Iterable[Source]) -> list[str]:
    """The 200 with the most training videos, in the order of Kinetics-400.

    Of equal ones, those that come first there.
    """
    counts = Counter(v.class_name for v in videos if v.split == "train")
    order = label_map("kinetics400")
    largest = sorted(order, key=lambda name: -counts[name])[:CLASSES]
    return [name for name in order if name in largest and counts[name]]


def choose(videos: Iterable[Source], classes: list[str]) -> list[Source]:
    """As many of each class and split as there are to be, by their digests.

    Those that are not on disk do not count, up to the last one that does.
    """
    groups: dict[tuple[str, str], list[Source]] = {
        (name, split): [] for name in classes for split in VIDEOS
    }
    for video in videos:
        if (key := (video.class_name, video.split)) in groups:
            groups[key].append(video)
    chosen = []
    for (_, split), group in groups.items():
        there = 0
        for video in sorted(group, key=_digest):
            if there == VIDEOS[split]:
                break
            there += bool(video.path)
            chosen.append(video)
    return chosen


def _digest(video: Source) -> bytes:
    return hashlib.sha256(video.id.encode()).digest()


def _count_lacking(chosen: list[Source], classes: list[str]) -> int:
    there = Counter((s.class_name, s.split) for s in chosen if s.path)
    return sum(
        there[name, split] < count
        for name in classes
        for split, count in VIDEOS.items()
    )


def _written(sources: Iterable[Source]) -> str:
    """As Kinetics' own lists are."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(kinetics.COLUMNS)
    for source in sources:
        id_, start, end = source.id.partition("/")[2].rsplit("_", 2)
        row = (source.class_name, id_, int(start), int(end), source.split)
        writer.writerow(row)
    return text.getvalue()
