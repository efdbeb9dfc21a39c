"""What a caller's program said of the clips: a JSON file."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from d3d_tf.doctor.module.served import softmax
from d3d_tf.errors import UserError

# How far a sum of rounded probabilities may be from 1.
_ROUNDING = 0.05
# By rows or by columns.
_RESPONSE = {"predictions", "outputs"}
_FORM = (
    '{"CLIP": {"LABEL": PROBABILITY, ...}, ...}, {"CLIP": [VALUE, ...], ...} '
    "or TF Serving's REST response for each CLIP"
)


@dataclasses.dataclass(frozen=True)
class Answers:
    """One caller's.

    Attributes:
      clips: names, in the order of the rows.
      values: float64 `[clips, classes or features]`; probabilities in the
        order of labels.txt, NaN where nothing was said.
      named: whether values came with names of classes.
    """

    clips: list[str]
    values: np.ndarray
    named: bool


def read_answers(
    path: Path, clips: list[str], labels: tuple[str, ...], width: int
) -> Answers:
    """Reads a caller's answers.

    Args:
      path: the file.
      clips: names of the clips there are.
      labels: of the module; none: its answers are features.
      width: how many values an answer has.

    Raises:
      UserError: it is no such file, or of other clips or classes.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path} must hold {_FORM}.")
    if content.keys() & _RESPONSE:  # To all clips in one request.
        rows = _rows(content)
        if len(rows) != len(clips):
            raise UserError(
                f"{path} holds one response with {len(rows)} answers; there "
                f"are {len(clips)} clips: {', '.join(clips)}, in that order."
            )
        content = dict(zip(clips, rows, strict=True))
    found = {Path(name).stem: value for name, value in content.items()}
    unknown = sorted(found.keys() - set(clips))
    if unknown:
        raise UserError(
            f"{path} speaks of {unknown[0]!r}; the clips are "
            f"{', '.join(clips)}. It must hold {_FORM}."
        )
    names = [name for name in clips if name in found]
    values, named = [], []
    for name in names:
        try:
            row, has_names = _row(found[name], labels, width)
        except (TypeError, ValueError) as error:
            raise UserError(f"{path}, {name}: {error}.") from error
        values.append(row)
        named.append(has_names)
    if len(set(named)) > 1:
        raise UserError(f"{path} has names of classes for some clips only.")
    return Answers(names, np.stack(values), named[0])


def _rows(response: dict) -> list:
    """The answers of a REST response."""
    if "predictions" in response:
        return list(response["predictions"])
    columns = response["outputs"]
    if not isinstance(columns, dict):
        return list(columns)
    counts = range(len(next(iter(columns.values()), [])))
    return [{name: c[k] for name, c in columns.items()} for k in counts]


def _row(value, labels: tuple[str, ...], width: int) -> tuple:
    """(values, whether they have names) of one clip."""
    if isinstance(value, dict) and value.keys() & _RESPONSE:
        rows = _rows(value)
        if len(rows) != 1:
            raise ValueError(f"the response has {len(rows)} answers, not one")
        (value,) = rows
    if isinstance(value, dict) and value and set(value) <= set(labels):
        row = np.full(len(labels), np.nan)
        for name, number in value.items():
            row[labels.index(name)] = _numbers(number)
        return _probabilities(row), True
    if isinstance(value, dict):
        wanted = ("probabilities", "logits") if labels else ("features",)
        keys = [key for key in wanted if key in value]
        if not keys:
            strange = sorted(map(str, set(value) - set(labels)))[:3]
            known = "it has no classes"
            if labels:
                known = f"its classes are {', '.join(labels[:8])}"
            raise ValueError(
                f"the module knows no {', '.join(strange)}; {known}"
            )
        value = value[keys[0]]
    row = np.ravel(_numbers(value))
    if len(row) != width:
        raise ValueError(
            f"there are {len(row)} values, the module gives {width}"
        )
    return (_probabilities(row) if labels else row), False


def _numbers(value) -> np.ndarray:
    numbers = np.asarray(value, np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("there are values that are no numbers")
    return numbers


def _probabilities(row: np.ndarray) -> np.ndarray:
    """The values, or what they are the logits of."""
    some = np.isnan(row).any()
    total = np.nansum(row)
    positive = not np.nanmin(row) < 0
    if positive and total <= 1 + _ROUNDING and (some or total >= 1 - _ROUNDING):
        return row
    if positive and abs(total - 100) < 100 * _ROUNDING:
        raise ValueError("the values are per cent; divide them by 100")
    if some:
        raise ValueError(
            "these are no probabilities, and logits of some classes only "
            "cannot be compared; give all"
        )
    return softmax(row)
