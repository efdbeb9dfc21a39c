"""What is on disk: a folder of videos, one sub-folder per class."""

import dataclasses
import hashlib
import math
from collections.abc import Collection
from pathlib import Path

from d3d_tf.errors import UserError
from d3d_tf.names import one_form, spell, unspell
from d3d_tf.tfrecords.keyframe import Keyframe
from d3d_tf.tfrecords.tree import (
    BESIDE,
    Found,
    count_rules,
    find_files,
    is_called_video,
    is_hidden,
)

# What a split may be called, and what it is called in the records.
SPLIT_NAMES = {
    name: split
    for split, names in {
        "train": ("train", "training"),
        "val": ("val", "valid", "validate", "validation"),
        "test": ("test", "testing"),
    }.items()
    for name in names
}


@dataclasses.dataclass(frozen=True)
class Source:
    """One video file that should become a record.

    Attributes:
      id: unique in the data set, and the same whenever it is listed; of a
        folder `split/class/file` or `class/file`, as `names.spell` spells it.
      path: of the file.
      label: class index.
      class_name: label_map.txt's line `label`.
      split: name of the split it belongs to.
      flow_path: where another tool left its flow; empty: it is computed.
      others: further classes that the video has: their indices and names.
      keyframe: who does what where, if that is known of a moment; then `label`
        may be -1, no class.
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
    others: tuple[tuple[int, str], ...] = ()
    keyframe: Keyframe | None = None

    @property
    def labels(self) -> list[int]:
        """All class indices."""
        first = [] if self.label < 0 else [self.label]
        return first + [label for label, _ in self.others]

    @property
    def class_names(self) -> list[str]:
        """The names of `labels`."""
        first = [] if self.label < 0 else [self.class_name]
        return first + [name for _, name in self.others]

    def row(self) -> dict:
        """What manifest.json always says of it; the path is spelt, too."""
        row = {
            "id": self.id,
            "path": spell(self.path),
            "split": self.split,
            "label": self.label,
        }
        several = self.others or self.keyframe
        return row | ({"labels": self.labels} if several else {})


@dataclasses.dataclass(frozen=True)
class Listing:
    """All videos of a data set, in a fixed order.

    Attributes:
      name: of the data set.
      classes: label names; a label is an index into them.
      sources: every file to try.
      missing: videos of the data set's own list that are not on disk; their
        paths are empty.
      notes: what else a user should know, a sentence each.
      listed: whether the data set has such a list.
      drawn: whether the splits are our choice and not the data set's.
      rejected: files that were tried and are no videos, and why; label -1.
      num_files: of all that lie there; 0: nobody looked.
      left_out: files that are not tried: `{rule: {"count", "example"}}`.
      own_list: a CSV file of the videos, where we chose among those listed.
    """

    name: str
    classes: tuple[str, ...]
    sources: tuple[Source, ...]
    missing: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    listed: bool = False
    drawn: bool = False
    rejected: tuple[tuple[Source, str], ...] = ()
    num_files: int = 0
    left_out: dict[str, dict] = dataclasses.field(default_factory=dict)
    own_list: str = ""

    def with_flow(self, flow_dir: str | Path) -> "Listing":
        """The same videos with the flow that lies in a folder of its own.

        It is laid out as the videos are, without their suffix: a folder of
        pictures `CLASS/NAME/`, or `CLASS/NAME.npy`.
        """
        sources = []
        for source in self.sources:
            place = Path(flow_dir) / Path(unspell(source.id)).with_suffix("")
            array = place.with_name(place.name + ".npy")
            found = array if array.exists() else place
            sources.append(dataclasses.replace(source, flow_path=str(found)))
        return dataclasses.replace(self, sources=tuple(sources))


def list_folder(folder: str | Path, *, test_share: float) -> Listing:
    """Lists `folder/CLASS/**` or `folder/{train,val,test}/CLASS/**`.

    A class is a sub-folder with a file to try in it, at any depth; classes are
    sorted by name, in one Unicode form. Without a split of its own,
    `test_share` of each class's files is held out, chosen by a digest of
    their names.

    Raises:
      UserError: no such folder, no file in any sub-folder, classes beside
        folders of splits, or a folder between this one and the classes.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    files = find_files(folder)
    parts = [_inner_parts(file, folder) for file in files]
    splits = _splits(folder, [p for p in parts if len(p) > 1])
    depth = 2 if splits else 1  # Of folders above the files of a class.
    members: dict[str, list[tuple[str, ...]]] = {}
    for index, (file, inner) in enumerate(zip(files, parts, strict=True)):
        if len(inner) > depth and (not splits or inner[0] in splits):
            name = spell(one_form(inner[depth - 1]))
            members.setdefault(name, []).append(inner)
        elif inner:
            files[index] = Found(file.path, BESIDE)
    if not members:
        raise UserError(
            f"{folder} holds no videos: one sub-folder per class was expected, "
            f"with the video files in it, e.g. {folder}/juggling/clip1.mp4."
        )
    if not splits:
        _require_classes(folder, [inner for inner in parts if len(inner) > 1])
    return Listing(
        spell(folder.resolve().name),
        tuple(sorted(members)),
        _sources(folder, members, splits, test_share),
        notes=(
            *_folders_without(folder, members, splits),
            *([] if splits else _inner_splits(parts)),
        ),
        drawn=not splits,
        num_files=len(files),
        left_out=count_rules(files, folder),
    )


def _sources(
    folder: Path,
    members: dict[str, list[tuple[str, ...]]],
    splits: dict[str, str],
    test_share: float,
) -> tuple[Source, ...]:
    """The files of each class, `{class: inner parts of paths}`, in order."""
    depth = 2 if splits else 1
    sources = []
    for label, name in enumerate(sorted(members)):
        names = ["/".join(inner[depth:]) for inner in members[name]]
        held_out = set() if splits else hold_out(names, test_share)
        for inner, rest in zip(members[name], names, strict=True):
            drawn = "test" if rest in held_out else "train"
            sources.append(
                Source(
                    id=spell("/".join(inner)),
                    path=str(folder.joinpath(*inner)),
                    label=label,
                    class_name=name,
                    split=splits.get(inner[0], drawn),
                )
            )
    return tuple(sources)


def _inner_parts(file: Found, folder: Path) -> tuple[str, ...]:
    """Folders below `folder` and name of a file to try; else nothing."""
    return () if file.rule else file.path.relative_to(folder).parts


def _splits(folder: Path, parts: list[tuple[str, ...]]) -> dict[str, str]:
    """`{sub-folder: split}`; empty where the sub-folders are classes.

    Raises:
      UserError: some are the one, some the other.
    """
    tops = sorted({inner[0] for inner in parts})
    splits = {
        top: SPLIT_NAMES[top.lower()]
        for top in tops
        if top.lower() in SPLIT_NAMES
    }
    # Annotations may lie there too.
    beside = [
        top
        for top in tops
        if top not in splits
        and any(is_called_video(p[-1]) for p in parts if p[0] == top)
    ]
    # A class may be called so: of railways, for one.
    if beside and all(len(p) == 2 for p in parts if p[0] in splits):
        return {}
    if splits and beside:
        raise UserError(
            f"{folder} holds both splits ({', '.join(splits)}) and other "
            f"folders ({', '.join(beside[:5])}): put every class into a split, "
            "or none."
        )
    return splits


def _require_classes(folder: Path, parts: list[tuple[str, ...]]) -> None:
    """Refuses a folder whose only sub-folder holds the classes."""
    tops = {inner[0] for inner in parts}
    inner = sorted({p[1] for p in parts if len(p) > 2})
    if len(tops) == 1 and len(inner) > 1 and all(len(p) > 2 for p in parts):
        (top,) = tops
        raise UserError(
            f"{folder} has one sub-folder with videos, {top}, with further "
            f"ones in it ({', '.join(inner[:3])}, ...): if these are the "
            f"classes, name {folder / top} instead."
        )


def _folders_without(
    folder: Path, classes: Collection[str], splits: dict[str, str]
) -> tuple[str, ...]:
    """A sentence on folders where a class would be, without a video."""
    roots = [folder, *(folder / split for split in splits)]
    names = {
        path.name
        for root in roots
        for path in root.iterdir()
        if path.is_dir() and not is_hidden(path.name)
    }
    empty = sorted(
        spell(name)
        for name in names - splits.keys()
        if spell(one_form(name)) not in classes
    )
    if not empty:
        return ()
    shown = ", ".join(empty[:5]) + (", ..." if len(empty) > 5 else "")
    return (f"no class, since there is no video in the folder: {shown}",)


def _inner_splits(parts: list[tuple[str, ...]]) -> tuple[str, ...]:
    """A sentence on splits below the classes, which are not taken for any."""
    found = {inner[1] for inner in parts if len(inner) > 2}
    splits = sorted(name for name in found if name.lower() in SPLIT_NAMES)
    if len(splits) < 2:
        return ()
    return (
        f"warning: {', '.join(splits)} are inside of the classes and not taken "
        "as splits; move them above the classes to have them kept",
    )


def hold_out(names: list[str], share: float) -> set[str]:
    """`share` of the names; at least one of two or more, never all."""
    different = set(names)
    if len(different) < 2 or share == 0:
        return set()

    def by_digest(name: str) -> str:
        return hashlib.sha256(spell(name).encode()).hexdigest()

    count = math.floor(len(different) * share)
    count = min(max(1, count), len(different) - 1)
    return set(sorted(different, key=by_digest)[:count])
