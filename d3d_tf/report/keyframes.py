"""Keyframes with boxes: what a detector said, what it missed, false alarms."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from d3d_tf.config import ClipRecipe, Recipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.detector.batches import scoring_batches
from d3d_tf.pixels import SYMMETRIC
from d3d_tf.report.marks import Mark, marked
from d3d_tf.report.pictures import still_picture
from d3d_tf.tasks.detection.scores import DetectionScores

WIDTH = 320
# Of those who are found: all that was said is true; something is not. Of those
# who are not.
RIGHT, WRONG, MISSED = "#2ecc40", "#ff4136", "#ffdc00"
COLOURS = {"right": RIGHT, "wrong": WRONG, "missed": MISSED}
_LIKELY = 0.5
_ENOUGH = 0.5  # Of two boxes, intersection over union, as of frame-mAP.


class Verdict(NamedTuple):
    """One box on the picture.

    Attributes:
      box: y1, x1, y2, x2 as shares.
      colour: `RIGHT`, `WRONG` or `MISSED`.
      text: what was said, and what was not.
    """

    box: tuple[float, ...]
    colour: str
    text: str


def verdicts(
    persons: np.ndarray,
    boxes: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
) -> list[Verdict]:
    """What there is to say of one keyframe.

    Args:
      persons: `[P, 4 + classes]`, true boxes and actions.
      boxes: `[N, 4]`, where a detector looked; those without an area are none.
      probabilities: `[N, classes]`, what it said; above 0.5 it means it.
      classes: names of the actions.
    """
    left = [tuple(row) for row in persons[_there(persons)]]
    found = []
    for box, row in zip(boxes, probabilities, strict=True):
        said = row > _LIKELY
        if not _there(box[None])[0] or not said.any():
            continue
        shared = [_overlap(box, person[:4]) for person in left]
        true = np.zeros(len(classes), bool)
        best = int(np.argmax(shared)) if shared else -1
        if shared and shared[best] >= _ENOUGH:
            true = np.array(left.pop(best)[4:]) > 0
        words = [
            f"{classes[i]} {100 * row[i]:.0f} %" + ("" if true[i] else " (no)")
            for i in np.flatnonzero(said)
        ]
        words += [f"not {classes[i]}" for i in np.flatnonzero(true & ~said)]
        good = not (said & ~true).any()
        found.append(
            Verdict(tuple(box), RIGHT if good else WRONG, ", ".join(words))
        )
    for person in left:
        names = [classes[i] for i in np.flatnonzero(np.array(person[4:]) > 0)]
        text = f"missed: {', '.join(names)}"
        found.append(Verdict(person[:4], MISSED, text))
    return found


def keyframe_figures(
    scores: DetectionScores,
    dataset: Dataset,
    recipe: Recipe,
    split: str,
    most: int,
) -> list[dict]:
    """`picture` and `caption` of some keyframes, spread over the split.

    Args:
      scores: of the split.
      dataset: its records.
      recipe: of the run.
      split: one of the data set's.
      most: how many.
    """
    places = np.linspace(0, len(scores.ids) - 1, min(most, len(scores.ids)))
    shown = {scores.ids[i]: i for i in places.round().astype(int)}
    clip = ClipRecipe(frames=1, size=recipe.clip.size)
    figures = []
    for batch in scoring_batches(dataset, split, clip, batch_size=1):
        id_ = batch["id"].numpy()[0].decode()
        if id_ not in shown:
            continue
        place = shown.pop(id_)
        found = verdicts(
            scores.labels[place],
            scores.boxes[place],
            scores.probabilities[place],
            dataset.classes,
        )
        pixels = SYMMETRIC.to_bytes(batch["frames"][0, 0])
        caption = "; ".join(
            f"{number}: {verdict.text}"
            for number, verdict in enumerate(found, 1)
        )
        figures.append(
            {
                "picture": still_picture(draw(pixels, found), WIDTH),
                "caption": f"{id_}. {caption or 'nobody'}",
            }
        )
        if not shown:
            break
    return figures


def draw(pixels: np.ndarray, found: Sequence[Verdict]) -> np.ndarray:
    """The picture with numbered boxes, `WIDTH` pixels wide.

    Args:
      pixels: uint8 `[height, width, 3]`.
      found: what is drawn.
    """
    height = round(WIDTH * pixels.shape[0] / pixels.shape[1])
    picture = Image.fromarray(pixels).resize((WIDTH, height))
    return marked(
        np.asarray(picture),
        [
            Mark(verdict.box, verdict.colour, str(number))
            for number, verdict in enumerate(found, 1)
        ],
    )


def _there(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:4] > boxes[:, :2]).all(1)


def _overlap(one, other) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    common = np.prod(np.maximum(high - low, 0))
    sizes = [np.prod(np.subtract(b[2:], b[:2])) for b in (one, other)]
    return float(common / (sum(sizes) - common))
