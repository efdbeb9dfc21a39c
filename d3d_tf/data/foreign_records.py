"""What a folder of another tool's records holds, for our dataset.json."""

import dataclasses
import statistics
from pathlib import Path

from d3d_tf.atomic_files import file_size
from d3d_tf.config import DataRecipe, FlowRecipe, digest, to_dict


@dataclasses.dataclass(frozen=True)
class ForeignRecords:
    """What was read from a folder of them.

    Attributes:
      folder: of the files.
      files: their names, sorted.
      rows: one for each record, see `shards.look_through`; at least one.
      classes, by_string: see `index_foreign.set_labels`.
    """

    folder: Path
    files: list[str]
    rows: list[dict]
    classes: list[str]
    by_string: bool

    def shards(self) -> dict[str, dict[str, int]]:
        """`{split: {file: records}}`, without empty files."""
        shards: dict[str, dict[str, int]] = {}
        for row in self.rows:
            counts = shards.setdefault(row["split"], {})
            counts[row["shard"]] = counts.get(row["shard"], 0) + 1
        return shards

    def frame_rate(self) -> float | None:
        """The median of the records', where any has one."""
        rates = [
            row["frame_rate"] or row["length"] / row["seconds"]
            for row in self.rows
            if row["frame_rate"] or row["seconds"] > 0
        ]
        return round(statistics.median(rates), 2) if rates else None

    def _notes(self, default_rate: float) -> list[str]:
        """What a user should know, a sentence each."""
        rate = self.frame_rate()
        frames = (
            f"taken to be {default_rate:g}" if rate is None else f"{rate:g}"
        )
        notes = [
            f"records of another tool in {self.folder}, RGB only; frames are "
            f"{frames} per second"
        ]
        if len({row["id"] for row in self.rows}) < len(self.rows):
            notes.append("some records have the same example/id")
        full = {row["shard"] for row in self.rows}
        if empty := [name for name in self.files if name not in full]:
            notes.append(
                f"{len(empty)} files hold no record, such as {empty[0]}"
            )
        return notes

    def info(self, default_rate: float) -> dict:
        """The content of dataset.json, but for the manifest's digest.

        Args:
          default_rate: frames per second, where the records have none.
        """
        rows, classes, shards = self.rows, self.classes, self.shards()
        lengths = [row["length"] for row in rows]
        side = min(min(row["height"], row["width"]) for row in rows)
        rate = self.frame_rate()
        used = {row["label"] for row in rows}
        data = DataRecipe(
            short_side=side, frame_rate=default_rate if rate is None else rate
        )
        return {
            "name": self.folder.name,
            "digest": digest(
                [[row["id"], row["label"], row["length"]] for row in rows],
                classes,
            ),
            "num_videos": len(rows),
            "num_bytes": sum(
                file_size(self.folder / name)
                for names in shards.values()
                for name in names
            ),
            "num_skipped": 0,
            "num_trimmed": 0,
            "splits": {split: sum(s.values()) for split, s in shards.items()},
            "shards": {},
            "foreign": {
                "folder": str(self.folder),
                "shards": shards,
                "label_by_string": self.by_string,
            },
            "notes": self._notes(default_rate),
            "classes": classes,
            "empty_classes": [
                name for i, name in enumerate(classes) if i not in used
            ],
            "frames": {
                "min": min(lengths),
                "max": max(lengths),
                "sum": sum(lengths),
            },
            "clipped_flow": 0.0,
            "recipe": {"data": to_dict(data), "flow": to_dict(FlowRecipe())},
            "flow": {},
            "flow_recipe": digest({}),
        }
