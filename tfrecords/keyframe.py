"""What is known of one moment of a video: who does what, where."""

import dataclasses
from typing import TYPE_CHECKING

from d3d_tf import schema

if TYPE_CHECKING:
    import tensorflow as tf

Box = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Keyframe:
    """The persons of a frame, as AVA annotates them.

    Attributes:
      index: of the frame in the clip, from 0.
      boxes: y1, x1, y2, x2 as shares of height and width; one for each action
        of a person.
      actions: of each box, a class index and its name.
      proposals: boxes that a detector of persons found there, with its score.
    """

    index: int
    boxes: tuple[Box, ...] = ()
    actions: tuple[tuple[int, str], ...] = ()
    proposals: tuple[tuple[Box, float], ...] = ()


def add_keyframe(
    example: "tf.train.SequenceExample", keyframe: Keyframe, frames: int
) -> None:
    """Adds it to a record, see `d3d_tf/schema.py`.

    Args:
      example: the record.
      keyframe: what is known.
      frames: of the clip.
    """
    context = example.context.feature
    context[schema.KEYFRAME_INDEX].int64_list.value.append(keyframe.index)
    for place, side in enumerate(schema.SIDES):
        values = [box[place] for box in keyframe.boxes]
        context[schema.KEYFRAME_BOX + side].float_list.value.extend(values)
    key = schema.KEYFRAME_BOX + "score"
    context[key].float_list.value.extend([1.0] * len(keyframe.boxes))
    labels = [label for label, _ in keyframe.actions]
    context[f"{schema.KEYFRAME_BOX}label/index"].int64_list.value.extend(labels)
    names = [name.encode() for _, name in keyframe.actions]
    context[f"{schema.KEYFRAME_BOX}label/string"].bytes_list.value.extend(names)
    found = {
        side: [box[place] for box, _ in keyframe.proposals]
        for place, side in enumerate(schema.SIDES)
    } | {"score": [score for _, score in keyframe.proposals]}
    lists = example.feature_lists.feature_list
    for name, numbers in found.items():
        features = lists[schema.PROPOSAL + name].feature
        for frame in range(frames):
            there = numbers if frame == keyframe.index else []
            features.add().float_list.value.extend(there)
