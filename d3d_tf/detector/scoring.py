"""Runs a detector over the keyframes of a split."""

import io
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import Recipe
from d3d_tf.data.counted import Counted
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.detector.batches import scoring_batches
from d3d_tf.detector.network import Detector
from d3d_tf.tasks.detection.scores import DetectionScores

_LEAST = 1e-4
_QUOTED = set(',"\r\n')


def score_detector(
    network: Detector,
    dataset: Dataset,
    split: str,
    recipe: Recipe,
    *,
    title: str,
) -> tuple[DetectionScores, float]:
    """What it says of every keyframe, and the milliseconds of one.

    Args:
      network: a detector.
      dataset: records around keyframes.
      split: one of its splits.
      recipe: `detector.scored` are the boxes, or the network's RPN finds
        them; `evaluation.scaled_short_side` is the size of the frames.
      title: of the progress bar.

    Raises:
      UserError: the records are not those of the manifest, or damaged.
    """
    data = scoring_batches(
        dataset,
        split,
        recipe.evaluation.clip_of(recipe.clip),
        batch_size=recipe.train.batch_size,
        short_side=recipe.evaluation.scaled_short_side,
        pixels=network.pixels,
    )
    found = recipe.detector.scored == "rpn"
    ask = Timed(network.detect_persons if found else network.detect)
    ids: list[str] = []
    parts: list[tuple] = []
    bar = tqdm(
        total=dataset.splits[split], unit="keyframe", desc=title, leave=False
    )
    with naming_damage(dataset, split), bar:
        for batch in data:
            persons, frames = batch["persons"].numpy(), batch["frames"]
            if found:
                answers, where = ask(frames)
            else:
                boxes = _asked(batch, recipe)
                there = (boxes[..., 2:] > boxes[..., :2]).all(-1)[..., None]
                answers, where = (there * x for x in ask(frames, boxes))
            parts.append((persons, where, answers))
            ids += [text.decode() for text in batch["id"].numpy()]
            bar.update(len(persons))
    Counted(dataset, split).require_each_once(ids)
    labels, boxes, probabilities = (
        joined([part[i] for part in parts]) for i in range(3)
    )
    scores = DetectionScores(
        np.array(ids), labels, boxes=boxes, probabilities=probabilities
    )
    return scores, ask.milliseconds()


class Timed:
    """A detector's `detect` or the like, and how long it takes for a keyframe.

    Args:
      forward: from frames, and what else it is asked, to two tensors.
    """

    def __init__(self, forward: Callable):
        self._forward = tf.function(forward, reduce_retracing=True)
        self._traced: set = set()
        self._times: list[float] = []

    def __call__(self, frames, *asked) -> tuple[np.ndarray, np.ndarray]:
        if frames.shape[2:4] not in self._traced:
            self._traced.add(frames.shape[2:4])
            self._forward(frames, *asked)  # Not timed.
        begin = time.perf_counter()
        answers, where = (x.numpy() for x in self._forward(frames, *asked))
        self._times.append((time.perf_counter() - begin) / len(frames))
        return answers, where

    def milliseconds(self) -> float:
        """The median; NaN if nothing was asked."""
        if not self._times:
            return math.nan
        return 1000 * statistics.median(self._times)


def write_detections(path: Path, scores: DetectionScores) -> None:
    """A CSV file as `--mode=evaluate --detections` and AVA's tools read it.

    Rows with a score below 0.0001 are left out.
    """
    import pyarrow as pa
    from pyarrow import csv

    rows = scores.rows()
    kept = np.flatnonzero(rows.last >= _LEAST)
    y1, x1, y2, x2 = rows.boxes[kept].T
    # Of many rows few have another time.
    times, which = np.unique(rows.time[kept], return_inverse=True)
    videos = pa.DictionaryArray.from_arrays(rows.video[kept], rows.videos)
    seconds = pa.DictionaryArray.from_arrays(which, list(map(_seconds, times)))
    table = pa.table(
        {
            "video": videos.dictionary_decode(),
            "seconds": seconds.dictionary_decode(),
            **{
                name: pa.array(side.astype(np.float32))
                for name, side in zip(
                    ("x1", "y1", "x2", "y2"), (x1, y1, x2, y2), strict=True
                )
            },
            "action": pa.array(rows.action[kept]),
            "score": pa.array(rows.last[kept].astype(np.float32)),
        }
    )
    content = io.BytesIO()
    # Arrow's "needed" is all text.
    odd = any(_QUOTED & set(video) for video in rows.videos)
    options = csv.WriteOptions(
        include_header=False, quoting_style="needed" if odd else "none"
    )
    csv.write_csv(table, content, options)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content.getvalue())


def _seconds(micro: int) -> str:
    """As AVA writes them: `0902`; parts of a second with six digits."""
    if micro % 10**6 == 0:
        return f"{micro // 10**6:04d}"
    return f"{micro / 1e6:.6f}"


def _asked(batch: dict, recipe: Recipe) -> np.ndarray:
    """Boxes `[batch, N, 4]`; those that are not asked about are zeros."""
    if recipe.detector.scored == "truth":
        return batch["persons"].numpy()[..., :4]
    proposals = batch["proposals"].numpy()
    good = proposals[..., 4:] >= recipe.detector.least_score
    return proposals[..., :4] * good


def joined(arrays: list[np.ndarray]) -> np.ndarray:
    """`[keyframes, rows, ...]` with as many rows as any has."""
    most = max(array.shape[1] for array in arrays)
    return np.concatenate(
        [np.pad(a, [(0, 0), (0, most - a.shape[1]), (0, 0)]) for a in arrays]
    )
