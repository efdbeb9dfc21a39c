"""AVA by its official files, or a data set of one's own in their form.

`AvaLists` says what the folder of lists may have. A record is a clip around a
keyframe, `data.max_seconds` long; its classes are all actions that are seen
there. Videos are files or folders of pictures.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from d3d_tf.config import DataRecipe
from d3d_tf.detection.lists import SPLITS, AvaLists
from d3d_tf.detection.rows import Rows, read_rows
from d3d_tf.detection.spans import span_around
from d3d_tf.errors import UserError
from d3d_tf.tasks.detection.scores import id_of
from d3d_tf.tfrecords.keyframe import Keyframe
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    listed_once,
    picture_folders,
)
from d3d_tf.tfrecords.listing import Listing, Source

ANNOTATIONS = "FOLDER with ava_train_v2.1.csv and the others"
_MICRO = 1_000_000


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists the keyframes of all splits; ids are `VIDEO/0902`.

    Rows that no network can learn from are left out and counted in the notes:
    of unknown actions, without an area, on excluded keyframes.

    Raises:
      UserError: no such lists, two of one kind, a row that is none, or no
        listed video on disk.
    """
    lists = AvaLists(annotations)
    names = lists.actions()
    below = files_below(folder)
    folders = picture_folders(below)
    places = {**folders, **{k: v[0] for k, v in index_files(below).items()}}
    used = {str(path) for path in folders.values()}
    counts: Counter[str] = Counter()
    sources: list[Source] = []
    for split in SPLITS:
        for (video, time), keyframe in _keyframes(lists, split, names, counts):
            found = places.get(video)
            sources.append(_source(video, time, split, found, keyframe, data))
    if not sources:
        raise UserError(
            f"{annotations} lists no keyframes: a file such as "
            "ava_train_v2.1.csv or train.csv was expected in it."
        )
    sources, notes = listed_once(sources)
    videos = {source.id.rpartition("/")[0]: source.path for source in sources}
    if gone := sorted(name for name, path in videos.items() if not path):
        counts[
            f"of {len(videos)} listed videos are not on disk, such as {gone[0]}"
        ] = len(gone)
    return finish(
        "ava",
        [names[number] for number in sorted(names)],
        sources,
        [file for file in below if str(file.path.parent) not in used],
        notes + [f"{count} {what}" for what, count in counts.items()],
        folder=folder,
        example=f"{sources[0].id.rpartition('/')[0]}.mp4",
    )


def _source(
    video: str,
    time: int,
    split: str,
    path: Path | None,
    keyframe: Keyframe,
    data: DataRecipe,
) -> Source:
    """The clip around a keyframe, its `index` set."""
    seconds = time / _MICRO - data.first_second
    if seconds < 0:
        raise UserError(
            f"{video} has a keyframe at {time / _MICRO:g} s, before the files "
            f"begin (data.first_second={data.first_second:g})."
        )
    span = span_around(seconds, data)
    actions = list(dict.fromkeys(keyframe.actions)) or [(-1, "")]
    return Source(
        id=id_of(video, time),
        path=str(path) if path else "",
        label=actions[0][0],
        class_name=actions[0][1],
        split=split,
        start=span.start,
        end=span.end,
        others=tuple(actions[1:]),
        keyframe=dataclasses.replace(keyframe, index=span.keyframe),
    )


def _keyframes(
    lists: AvaLists, split: str, names: dict[int, str], counts: Counter[str]
) -> Iterator[tuple[tuple[str, int], Keyframe]]:
    """`((video, microseconds), what is seen there)`, sorted.

    Training has no keyframes without an action: nothing is learned there.
    """
    path = lists.true_boxes(split)
    if path is None:
        return
    rows, excluded = read_rows(path), lists.excluded(split)
    proposals = lists.proposals(split)
    found: dict[tuple[str, int], list[int]] = {
        key: [] for key in _named(rows, lists.times())
    }
    for place in _good(rows, split, names, counts).tolist():
        key = rows.videos[rows.video[place]], int(rows.time[place])
        found.setdefault(key, []).append(place)
    empty = 0
    for key in sorted(found):
        if key in excluded:
            if found[key]:
                counts[f"boxes of {split} are on excluded keyframes"] += len(
                    found[key]
                )
            continue
        if split == "train" and not found[key]:
            empty += 1
            continue
        own = [int(action) for action in rows.action[found[key]]]
        yield (
            key,
            Keyframe(
                index=0,
                boxes=tuple(map(tuple, rows.boxes[found[key]].tolist())),
                actions=tuple((number - 1, names[number]) for number in own),
                proposals=tuple(
                    (tuple(row[:4]), row[4])
                    for row in proposals.get(key, np.zeros([0, 5])).tolist()
                ),
            ),
        )
    if empty:
        counts["keyframes of train without an action: left out"] = empty
    if proposals:
        there = sum(key in proposals for key in found.keys() - excluded)
        total = len(found.keys() - excluded)
        counts[f"of {total} keyframes of {split} have proposals"] = there


def _good(
    rows: Rows, split: str, names: dict[int, str], counts: Counter[str]
) -> np.ndarray:
    """The places of rows that can be learned; the others are counted."""
    known = np.isin(rows.action, list(names))
    high = (rows.boxes[:, 2:] > rows.boxes[:, :2]).all(1)
    for what, bad in (
        ("of actions that the list of names has not", ~known),
        ("without an area, or with corners the wrong way round", ~high),
    ):
        if bad.any():
            counts[f"boxes of {split} left out: {what}"] = int(bad.sum())
    return np.flatnonzero(known & high)


def _named(rows: Rows, times: list[int] | None) -> list[tuple[str, int]]:
    """Keyframes that are there whether or not they have boxes."""
    if times is None:
        pairs = {*zip(rows.video.tolist(), rows.time.tolist(), strict=True)}
        boxed = [(rows.videos[video], time) for video, time in pairs]
        return boxed + rows.keyframes
    videos = dict.fromkeys([*rows.videos, *(v for v, _ in rows.keyframes)])
    return [(video, time) for video in videos for time in times]
