"""Runs a network over a split."""

import dataclasses

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.counted import Counted
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import ONE_VIEW, evaluation_batches
from d3d_tf.evaluation.scores import Scores
from d3d_tf.pixels import SYMMETRIC, Pixels
from d3d_tf.tasks import task_of
from d3d_tf.training.workers import as_read, gathered, own_part


def compile_forward(network):
    """The network in inference mode, traced once for all splits."""
    return tf.function(
        lambda clips: network(clips, training=False), reduce_retracing=True
    )


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a network is shown of every video.

    Attributes:
      clip: length and size of a view.
      stream: `frames` or `flow`.
      batch_size: views at a time; does not change the result.
      views: of each video; default: one centre clip, one centre crop.
      pixels: how the network wants RGB.
    """

    clip: ClipRecipe
    stream: str
    batch_size: int
    views: EvaluationRecipe = ONE_VIEW
    pixels: Pixels = SYMMETRIC


def score_split(
    forward, dataset: Dataset, split: str, shown: Shown, *, title: str
) -> Scores:
    """Scores every video of a split: the answers of its views, pooled.

    Args:
      forward: from `compile_forward`.
      dataset: the records; its task is that of the scores.
      split: one of its splits.
      shown: of each video.
      title: of the progress bar.

    Raises:
      UserError: the records are not those of the manifest, or damaged.
    """
    part = own_part(dataset.splits[split])
    data = evaluation_batches(
        dataset,
        split,
        shown.clip,
        batch_size=shown.batch_size,
        streams=(shown.stream, "id"),
        pixels=shown.pixels,
        views=shown.views,
        part=part,
    )
    count = shown.views.clips * shown.views.crops
    bar = tqdm(
        total=dataset.splits[split] * count,
        unit="view",
        desc=title,
        leave=False,
    )
    ids: list[str] = []
    labels, outputs = [], []
    with naming_damage(dataset, split), bar:
        for inputs, label in data:
            outputs.append(forward(inputs[shown.stream]).numpy())
            labels.append(label.numpy())
            ids += [text.decode() for text in inputs["id"].numpy()]
            bar.update(len(label))
    found = gathered(
        part, [np.array(ids), *map(np.concatenate, (labels, outputs))]
    )
    order = as_read([len(ids) for ids, *_ in found], count)
    all_ids, label, answers = (
        np.concatenate(a)[order] for a in zip(*found, strict=True)
    )
    Counted(dataset, split).require_each_once(all_ids[::count].tolist())
    return task_of(dataset.task).scores.of_views(
        all_ids.tolist(),
        label,
        answers,
        count,
        pooling=shown.views.pooling,
    )
