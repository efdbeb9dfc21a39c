"""A prepared record folder, as its `dataset.json` describes it."""

import dataclasses
from pathlib import Path

from d3d_tf.atomic_files import require_utf8, to_path
from d3d_tf.damaged import difference, naming, read_json
from d3d_tf.errors import UserError
from d3d_tf.tasks import DEFAULT

# Serialized records, not clips, are shuffled, in windows of this many bytes.
SHUFFLE_BYTES = 512 * 2**20
# What a training keeps for itself, shards of the split `train`.
HELD_OUT = "held_out"
VALIDATION = ("val", "validation")  # Ours, and other tools'.
# Keys that every version has written; readers rely on them.
_INFO = {
    "name": str,
    "digest": str,
    "num_videos": int,
    "num_bytes": int,
    "num_skipped": int,
    "num_trimmed": int,
    "splits": {str: int},
    "shards": {str: int},
    "classes": [str],
    "empty_classes": [str],
    "frames": {"min": int, "max": int, "sum": int},
    "clipped_flow": float,
    "recipe": {
        "data": {"short_side": int, "frame_rate": float},
        "flow": {"saturation": float},
    },
    "flow": dict,
    "flow_recipe": str,
}
_FOREIGN = {
    "folder": str,
    "shards": {str: {str: int}},
    "label_by_string": bool,
}
_FEATURES = {
    "folder": str,
    "shards": {str: {str: int}},
    "bytes": {str: int},
    "video_level": bool,
    "widths": {str: int},
}
# Every video has a first class, which held-out shares and leaks are about;
# where it has several, `labels` lists all.
_ROW = {"id": str, "split": str, "label": int}
_REMEDY = (
    "prepare the videos again into the same folder, which writes it anew and "
    "keeps the shards"
)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A record folder that `--mode=prepare` made.

    Attributes:
      folder: where it is.
      info: the content of `dataset.json`.
      task: what the records are read for, a key of `d3d_tf.tasks.TASKS`.
      held_out: how many shards of `train` are the split `held_out` instead.
    """

    folder: Path
    info: dict
    task: str = DEFAULT
    held_out: int = 0

    def for_task(self, task: str) -> "Dataset":
        """The same records, read for a recipe's `task`."""
        return dataclasses.replace(self, task=task)

    def holding_out(self, share: float) -> "Dataset":
        """The same records, with a share of the training videos held out.

        They are whole shards, one at least, which are fair samples of all.

        Raises:
          UserError: there is one shard alone.
        """
        count = len(self.shards("train"))
        if share and count < 2:
            raise UserError(
                f"The training videos of {self.folder} are one shard, of which "
                f"train.held_out={share} can take none: prepare them with "
                "more, --set num_shards=8, or leave train.held_out alone."
            )
        held_out = min(max(round(share * count), 1), count - 1) if share else 0
        return dataclasses.replace(self, held_out=held_out)

    @property
    def kind(self) -> str:
        """What wrote the records, a key of `d3d_tf.data.kinds.KINDS`.

        Or `features`, of files of YouTube-8M; see `d3d_tf.data.feature_sets`.
        """
        if "features" in self.info:
            return "features"
        return "foreign" if "foreign" in self.info else "video"

    @property
    def has_several_labels(self) -> bool:
        """Whether a video has more classes than one."""
        return self.info.get("several_labels", False)

    @property
    def has_keyframes(self) -> bool:
        """Whether its records say where in a frame who is."""
        return self.info.get("keyframes", False)

    @property
    def classes(self) -> list[str]:
        """Class names; the order is the label."""
        return self.info["classes"]

    @property
    def splits(self) -> dict[str, int]:
        """Videos per split, without those that are held out."""
        every = self.info["splits"]
        if not self.held_out:
            return every
        return every | {
            "train": every["train"] - sum(self.shards(HELD_OUT).values())
        }

    @property
    def test_splits(self) -> list[str]:
        """Splits that are not trained on; the one that counts comes last.

        Validation splits come first: settings may have been chosen by them.
        """
        names = [name for name in self.splits if name != "train"]
        return sorted(names, key=lambda name: name not in VALIDATION)

    @property
    def flow(self) -> dict:
        """The identity of its flow, see `flow_identity`; empty for RGB only."""
        return self.info["flow"]

    def require_flow(self) -> None:
        """Refuses records without flow.

        Raises:
          UserError: the records hold no flow; the text says what to do.
        """
        if not self.flow:
            raise UserError(
                f"The records of {self.folder} have no optical flow, only RGB "
                "frames (no FORWARD_FLOW/image/encoded): they can train the "
                "RGB baseline, --mode=train --set stream=rgb. For flow, and "
                "to distill, prepare the videos with --mode=prepare."
            )

    def shuffle_window(self) -> int:
        """How many records are shuffled together; at least 16."""
        mean = self.info["num_bytes"] / self.info["num_videos"]
        return max(16, int(SHUFFLE_BYTES / mean))

    def rows(self) -> list[dict]:
        """The content of manifest.json; nothing of YouTube-8M's files.

        They are millions, and are not listed.

        Raises:
          UserError: it is missing or damaged.
        """
        if self.kind == "features":
            return []
        skipped = _ROW | {"skipped": str}
        used = _ROW | {"frames": int, "shard": str}
        if "foreign" not in self.info:
            skipped |= {"path": str}
            used |= {"path": str, "sha256": str}
        path = self.folder / "manifest.json"
        return read_json(
            path,
            [(used, skipped)],
            _REMEDY,
            self.info.get("manifest_sha256"),
        )

    def used(self) -> list[dict]:
        """Rows of manifest.json for the records."""
        return [row for row in self.rows() if "skipped" not in row]

    def skipped(self) -> list[dict]:
        """Rows of manifest.json for files that could not be used."""
        return [row for row in self.rows() if "skipped" in row]

    def count_shorter(self, split: str, frames: int) -> int:
        """Videos of a split with fewer frames; their clips start over."""
        return sum(
            row["split"] == split and row["frames"] < frames
            for row in self.used()
        )

    def shards(self, split: str) -> dict[str, int]:
        """The split's files, in order, and the records in each."""
        if split in ("train", HELD_OUT):
            every = self._shards_of("train")
            trained = len(every) - self.held_out
            here = (
                [*every][:trained] if split == "train" else [*every][trained:]
            )
            return {path: every[path] for path in here}
        return self._shards_of(split)

    def _shards_of(self, split: str) -> dict[str, int]:
        there = self.info.get("foreign") or self.info.get("features")
        if there:
            return {
                str(to_path(there["folder"]) / name): count
                for name, count in there["shards"].get(split, {}).items()
            }
        return {
            str(self.folder / name): count
            for name, count in self.info["shards"].items()
            if name.startswith(f"{split}-")
        }


def open_dataset(folder: str | Path) -> Dataset:
    """Reads `dataset.json` of a record folder.

    Raises:
      UserError: the folder holds no finished records, or old ones, or the file
        is damaged.
      UsageError: its name is not UTF-8.
    """
    folder = to_path(folder)
    require_utf8(folder, "The folder of records")
    path = folder / "dataset.json"
    if not path.exists():
        raise UserError(
            f"{folder} holds no finished records (no dataset.json): run "
            "--mode=prepare first, or name the folder it printed."
        )
    info = read_json(path, dict, _REMEDY)
    if "flow" not in info and "flow_recipe" in info:
        raise UserError(
            f"{folder} was prepared by an older d3d_tf, which did not save how "
            "the flow was made: prepare it again."
        )
    with naming(path, _REMEDY):
        own = {"foreign": _FOREIGN, "features": _FEATURES}
        form = _INFO | {key: own[key] for key in own.keys() & info.keys()}
        if words := difference(info, form):
            raise ValueError(words)
        if not info["num_videos"] > 0 or not info["num_bytes"] > 0:
            raise ValueError("it counts no videos, or no bytes")
    return Dataset(folder, info)
