"""A prepared record folder, as its dataset.json describes it."""

import dataclasses
import json
from pathlib import Path

from d3d_tf.errors import UserError

# Serialized records, not clips, are shuffled, in windows of so many bytes.
SHUFFLE_BYTES = 512 * 2**20


@dataclasses.dataclass(frozen=True)
class Dataset:
    """What `--mode=prepare` made."""

    folder: Path
    info: dict

    @property
    def classes(self) -> list[str]:
        """Class names; the order is the label."""
        return self.info["classes"]

    @property
    def splits(self) -> dict[str, int]:
        """Videos per split."""
        return self.info["splits"]

    @property
    def test_splits(self) -> list[str]:
        """Splits that are not trained on; the hardest last."""
        return [name for name in self.splits if name != "train"]

    @property
    def flow(self) -> dict:
        """The identity of its flow; see `flow_identity`."""
        return self.info["flow"]

    def shuffle_window(self) -> int:
        """How many records are shuffled together; at least 16."""
        mean = self.info["num_bytes"] / self.info["num_videos"]
        return max(16, int(SHUFFLE_BYTES / mean))

    def skipped(self) -> list[dict]:
        """Rows of manifest.json for files that could not be used."""
        rows = json.loads((self.folder / "manifest.json").read_text())
        return [row for row in rows if "skipped" in row]

    def shards(self, split: str) -> dict[str, int]:
        """The split's files, in order, and the records in each."""
        return {
            str(self.folder / name): count
            for name, count in self.info["shards"].items()
            if name.startswith(f"{split}-")
        }


def open_dataset(folder: str | Path) -> Dataset:
    """Reads `dataset.json` of a record folder.

    Raises:
      UserError: the folder holds no finished records, or old ones.
    """
    folder = Path(folder)
    try:
        info = json.loads((folder / "dataset.json").read_text())
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder} holds no finished records (no readable dataset.json): "
            "run --mode=prepare first, or name the folder it printed."
        ) from error
    if "flow" not in info:
        raise UserError(
            f"{folder} was prepared by an older d3d_tf, which did not save how "
            "the flow was made: prepare it again."
        )
    return Dataset(folder, info)
