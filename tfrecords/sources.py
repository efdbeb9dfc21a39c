"""What is on disk: a folder of videos, one sub-folder per class."""

import dataclasses
import hashlib
import math
from pathlib import Path

from d3d_tf.errors import UserError

# Files a user may keep beside videos; anything else is tried as a video, so
# that a broken or misnamed one is reported and not overlooked.
NOT_VIDEOS = frozenset(
    ".bmp .csv .db .gif .html .ini .jpeg .jpg .json .log .md .nfo .pdf .png "
    ".srt .tif .tiff .txt .vtt .webp .xml .yaml .yml .zip .tar .gz .tgz .rar "
    ".part .ytdl".split()
)
SPLIT_NAMES = {"train": "train", "test": "test", "val": "test", "valid": "test"}


@dataclasses.dataclass(frozen=True)
class Source:
    """One video file that should become a record.

    Attributes:
      id: unique in the data set, and the same whenever it is listed; of a
        folder `split/class/file` or `class/file`.
      path: of the file.
      label: class index.
      class_name: label_map.txt's line `label`.
      split: name of the split it belongs to.
      flow_path: where another tool left its flow; empty: it is computed.
      start, end: the part of the file that is the video, in seconds from its
        first frame; no end: that of the file.
    """

    id: str
    path: str
    label: int
    class_name: str
    split: str
    flow_path: str = ""
    start: float = 0.0
    end: float | None = None


@dataclasses.dataclass(frozen=True)
class Listing:
    """All videos of a data set, in a fixed order.

    Attributes:
      name: of the data set.
      classes: label names; a label is an index into them.
      sources: every file to try.
      empty_classes: sub-folders that hold no file.
      missing: videos of the data set's own list that are not on disk; their
        paths are empty.
      notes: what else a user should know, a sentence each.
      listed: whether the data set has such a list.
      drawn: whether the splits are our choice and not the data set's.
    """

    name: str
    classes: tuple[str, ...]
    sources: tuple[Source, ...]
    empty_classes: tuple[str, ...] = ()
    missing: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    listed: bool = False
    drawn: bool = False

    def with_flow(self, flow_dir: str | Path) -> "Listing":
        """The same videos with the flow that lies in a folder of its own.

        It is laid out as the videos are, without their suffix: a folder of
        pictures `CLASS/NAME/`, or `CLASS/NAME.npy`.
        """
        sources = []
        for source in self.sources:
            place = Path(flow_dir) / Path(source.id).with_suffix("")
            array = place.with_name(place.name + ".npy")
            found = array if array.exists() else place
            sources.append(dataclasses.replace(source, flow_path=str(found)))
        return dataclasses.replace(self, sources=tuple(sources))


def list_folder(folder: str | Path, *, test_share: float) -> Listing:
    """Lists `folder/CLASS/*` or `folder/{train,test}/CLASS/*`.

    Classes are the sorted names of the sub-folders. Without a split of its
    own, `test_share` of each class's files is held out, chosen by a digest of
    their names.

    Raises:
      UserError: no such folder, no file in any sub-folder, or classes beside
        folders of splits.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    splits = {
        child: SPLIT_NAMES[child.name.lower()]
        for child in _folders(folder)
        if child.name.lower() in SPLIT_NAMES
    }
    beside = [f.name for f in _folders(folder) if f not in splits]
    if splits and beside:
        raise UserError(
            f"{folder} holds both splits ({', '.join(f.name for f in splits)}) "
            f"and other folders ({', '.join(beside[:5])}): put every class "
            "into a split, or none."
        )
    roots = splits or {folder: ""}
    names = sorted({child.name for root in roots for child in _folders(root)})
    sources: list[Source] = []
    filled = set()
    for root, split in roots.items():
        for class_folder in _folders(root):
            files = [
                p for p in sorted(class_folder.iterdir()) if is_candidate(p)
            ]
            held_out = (
                set()
                if split
                else hold_out([p.name for p in files], test_share)
            )
            if files:
                filled.add(class_folder.name)
            for path in files:
                sources.append(
                    Source(
                        id=path.relative_to(folder).as_posix(),
                        path=str(path),
                        label=names.index(class_folder.name),
                        class_name=class_folder.name,
                        split=split
                        or ("test" if path.name in held_out else "train"),
                    )
                )
    if not sources:
        raise UserError(
            f"{folder} holds no videos: one sub-folder per class was expected, "
            f"with the video files in it, e.g. {folder}/juggling/clip1.mp4."
        )
    empty = tuple(name for name in names if name not in filled)
    return Listing(
        folder.resolve().name,
        tuple(names),
        tuple(sources),
        empty,
        drawn=not splits,
    )


def _folders(folder: Path) -> list[Path]:
    return [
        p
        for p in sorted(folder.iterdir())
        if p.is_dir() and not p.name.startswith(".")
    ]


def is_candidate(path: Path) -> bool:
    """Whether to try it; what is no file at all is tried and told."""
    return (
        not path.is_dir()
        and not path.name.startswith(".")
        and path.suffix.lower() not in NOT_VIDEOS
    )


def hold_out(names: list[str], share: float) -> set[str]:
    """`share` of the names; at least one of two or more, never all."""
    if len(names) < 2 or share == 0:
        return set()

    def by_digest(name: str) -> str:
        return hashlib.sha256(name.encode()).hexdigest()

    count = min(max(1, math.floor(len(names) * share)), len(names) - 1)
    return set(sorted(names, key=by_digest)[:count])
