"""Runs a network over a split."""

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.counted import Counted
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import ONE_VIEW, make_dataset
from d3d_tf.evaluation.scores import Scores
from d3d_tf.tasks import task_of


def compile_forward(network):
    """The network in inference mode, traced once for all splits."""
    return tf.function(
        lambda clips: network(clips, training=False), reduce_retracing=True
    )


def score_split(
    forward,
    dataset: Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    stream: str,
    batch_size: int,
    title: str,
    views: EvaluationRecipe = ONE_VIEW,
) -> Scores:
    """Scores every video of a split: the mean over the scores of its views.

    Args:
      forward: from `compile_forward`.
      dataset: the records; its task is that of the scores.
      split: one of its splits.
      clip: length and size of a view.
      stream: `frames` or `flow`.
      batch_size: clips at a time; does not change the result.
      title: of the progress bar.
      views: of each video; default: one centre clip, one centre crop.

    Raises:
      UserError: the records are not those of the manifest, or damaged.
    """
    data = make_dataset(
        dataset,
        split,
        clip,
        batch_size=batch_size,
        training=False,
        streams=(stream, "id"),
        views=views,
    )
    count = views.clips * views.crops
    ids: list[str] = []
    labels, outputs = [], []
    with (
        naming_damage(dataset, split),
        tqdm(
            total=dataset.splits[split] * count,
            unit="view",
            desc=title,
            leave=False,
        ) as bar,
    ):
        for inputs, label in data:
            outputs.append(forward(inputs[stream]).numpy())
            labels.append(label.numpy())
            ids += [text.decode() for text in inputs["id"].numpy()]
            bar.update(len(label))
    Counted(dataset, split).require_each_once(ids[::count])
    return task_of(dataset.task).scores.of_views(
        ids, np.concatenate(labels), np.concatenate(outputs), count
    )
