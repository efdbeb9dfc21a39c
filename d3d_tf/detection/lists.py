"""The folder of AVA's lists, or of a data set of one's own in their form.

It has `ava_train_v2.1.csv` and `ava_val_v2.1.csv`, whose rows are in
docs/detection.md (`train.csv` and `val.csv` will do), and may have

- `ava_val_excluded_timestamps_v2.1.csv`: keyframes that do not count,
- `ava_included_timestamps_v2.1.txt`: the seconds of all keyframes,
- `ava_action_list_v2.1.pbtxt`: names of the actions; else they are AVA's 80,
- files of `proposals`, `detections` or `predicted_boxes` with the split in
  their names (`ava_val_predicted_boxes.csv`): boxes of a detector of persons.
"""

import re
from pathlib import Path

from d3d_tf.detection.actions import ava_actions, read_label_map
from d3d_tf.detection.proposals import PICKLES, Proposals, read_proposals
from d3d_tf.detection.rows import read_keyframes
from d3d_tf.errors import UserError
from d3d_tf.text_lists import read_lines

SPLITS = ("train", "val", "test")
_VERSION = r"(?:_v[\d.]+)?"
_TRUTH = rf"(?:ava_)?{{split}}{_VERSION}\.csv"
_EXCLUDED = rf"(?:ava_)?{{split}}_excluded(?:_timestamps)?{_VERSION}\.csv"
_INCLUDED = rf"(?:ava_)?included_timestamps{_VERSION}\.txt"
_LABEL_MAP = r".*\.pbtxt"
_DETECTED = {"proposals", "detection", "detections", "predicted"}
_MICRO = 1_000_000


class AvaLists:
    """What is in such a folder; of each kind there is one file at most.

    Args:
      folder: where the lists are.

    Raises:
      UserError: it is not a folder. All methods: a file is not what its name
        says, or there are two that it could be.
    """

    def __init__(self, folder: Path):
        if not folder.is_dir():
            raise UserError(
                f"{folder} is not a folder; data.layout=ava needs one with "
                "ava_train_v2.1.csv and the others."
            )
        self._folder = folder
        self._files = sorted(p for p in folder.iterdir() if p.is_file())

    def true_boxes(self, split: str) -> Path | None:
        """The file of a split's true boxes, if there is one."""
        return self._named(_TRUTH.format(split=split))

    def excluded(self, split: str) -> set[tuple[str, int]]:
        """`(video, microseconds)` of keyframes that do not count."""
        path = self._named(_EXCLUDED.format(split=split))
        return read_keyframes(path) if path else set()

    def proposals(self, split: str) -> Proposals:
        """Boxes that a detector found, by keyframe."""
        paths = [
            path
            for path in self._files
            if path.suffix in (".csv", *PICKLES)
            and split in (words := _words(path))
            and _DETECTED & words
        ]
        path = self._only(paths, f"proposals of {split}")
        return read_proposals(path) if path else {}

    def times(self) -> list[int] | None:
        """Microseconds of the keyframes of every video; None: not stated."""
        path = self._named(_INCLUDED)
        if path is None:
            return None
        try:
            return [
                round(float(line) * _MICRO)
                for _, line in read_lines(path)
                if line.strip()
            ]
        except ValueError as error:
            raise UserError(
                f"{path} is not a list of seconds, one in a line: {error}."
            ) from error

    def actions(self) -> dict[int, str]:
        """`{number: name}`, without gaps from 1 on."""
        every = ava_actions(evaluated=False)
        path = self._named(_LABEL_MAP)
        known = read_label_map(str(path)) if path else every
        # The list of a challenge has 60 of the 80.
        if all(every.get(number) == name for number, name in known.items()):
            return every
        return {
            number: known.get(number, f"action {number}")
            for number in range(1, max(known) + 1)
        }

    def _named(self, pattern: str) -> Path | None:
        paths = [p for p in self._files if re.fullmatch(pattern, p.name)]
        return self._only(paths, "a list of one kind")

    def _only(self, paths: list[Path], what: str) -> Path | None:
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            raise UserError(
                f"{self._folder} has {names}, each of which could be {what}: "
                "leave one there."
            )
        return paths[0] if paths else None


def _words(path: Path) -> set[str]:
    return set(re.split(r"[^a-z]+", path.name.lower()))
