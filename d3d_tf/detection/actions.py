"""Which actions count, by their numbers: AVA's own, or a label map's."""

import csv
import re
from importlib import resources

from d3d_tf.errors import UserError
from d3d_tf.text_lists import read_text

# AVA's three kinds of actions, by their last number.
GROUPS = {
    "person movement (pose)": 14,
    "object manipulation": 63,
    "person interaction": 80,
}
_ENTRY = re.compile(r"(?:item|label)\s*\{(.*?)\}", re.DOTALL)
_NAME = re.compile(r'\bname\s*:\s*"((?:[^"\\]|\\.)*)"')
_NUMBER = re.compile(r"\b(?:label_)?id\s*:\s*(\d+)")


def ava_actions(*, evaluated: bool = True) -> dict[int, str]:
    """`{number: name}` of AVA's 60 actions that are evaluated, or of all 80."""
    path = resources.files("d3d_tf") / "class_lists" / "ava.csv"
    rows = csv.DictReader(path.read_text("utf-8").splitlines())
    return {
        int(row["id"]): row["name"]
        for row in rows
        if not evaluated or row["evaluated"] == "1"
    }


def read_label_map(path: str) -> dict[int, str]:
    """`{number: name}` of a label map, in either form that AVA publishes.

    `item { name: "stand" id: 12 }`, or `label { name: "stand" label_id: 12 }`.

    Raises:
      UserError: it cannot be read, has no entries, one without a name or a
        number, or a number twice.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise UserError(
            f"Cannot read the label map {path}: {error.strerror}."
        ) from error
    found: dict[int, str] = {}
    for entry in _ENTRY.finditer(text):
        name, number = _NAME.search(entry[1]), _NUMBER.search(entry[1])
        line = text.count("\n", 0, entry.start()) + 1
        if not (name and number):
            raise UserError(
                f"{path}, line {line}: an entry of a label map has a name and "
                'an id, as item { name: "stand" id: 12 }.'
            )
        if int(number[1]) in found:
            raise UserError(
                f"{path}, line {line}: the id {number[1]} is there twice."
            )
        found[int(number[1])] = name[1]
    if not found:
        raise UserError(
            f"{path} has no entries of a label map, such as "
            'item { name: "stand" id: 12 }.'
        )
    return found


def group_of(action: int) -> str | None:
    """Which of `GROUPS` an action belongs to; None: its number is not AVA's."""
    return next((g for g, last in GROUPS.items() if 0 < action <= last), None)
