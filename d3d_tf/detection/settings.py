"""What an evaluation of detections can be told."""

import dataclasses
from typing import Annotated, Any

import yaml
from annotated_types import Ge, Gt, Le

from d3d_tf.errors import UsageError
from d3d_tf.sections import Expected, Flag, Number, Text, Whole, section


@section
class DetectionRecipe:
    """The rules by which detections are scored."""

    label_map: Text = ""
    """The `.pbtxt` file of the actions that count; empty: the 60 of AVA's
    challenges. Rows of others are left out."""
    excluded: Text = ""
    """The CSV file of keyframes that do not count."""
    iou: Annotated[Number, Gt(0), Le(1), Expected("above 0, at most 1")] = 0.5
    """The share of their common area that a box and a true one must have in
    both."""
    rows_per_keyframe: Annotated[Whole, Ge(0), Expected("0 (all) or more")] = 0
    """The best so many rows of a keyframe count: 50 on the servers of 2019 and
    2020. Papers before, D3D among them, have no such limit."""
    unlisted_keyframes: Flag = True
    """Whether detections count, as false alarms, on keyframes that the ground
    truth does not name; False on the server of 2020."""


def detection_settings(settings: list[str]) -> DetectionRecipe:
    """The rules, of `key=value`; a key may begin with `detection.`.

    Raises:
      UsageError: a key or value is wrong.
    """
    names = [field.name for field in dataclasses.fields(DetectionRecipe)]
    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        name = key.removeprefix("detection.")
        if not equals or name not in names:
            raise UsageError(
                f"--set {setting} says nothing about detections; keys: "
                f"{', '.join(f'detection.{name}' for name in names)}."
            )
        try:
            values[name] = yaml.safe_load(text) if text else ""
        except yaml.YAMLError:
            values[name] = text
    return DetectionRecipe(**values)
