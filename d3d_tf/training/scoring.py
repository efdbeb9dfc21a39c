"""Runs a network over a split."""

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.evaluation.metrics import Scores, softmax


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
) -> Scores:
    """Scores of every video of a split: one centre clip, one centre crop.

    Args:
      forward: from `compile_forward`.
      dataset: the records.
      split: one of its splits.
      clip: length and size of the view.
      stream: `frames` or `flow`.
      batch_size: clips at a time; plays no part in the result.
      title: of the progress bar.
    """
    data = make_dataset(
        dataset,
        split,
        clip,
        batch_size=batch_size,
        training=False,
        streams=(stream, "id"),
    )
    ids: list[str] = []
    labels, logits = [], []
    with tqdm(
        total=dataset.splits[split], unit="video", desc=title, leave=False
    ) as bar:
        for inputs, label in data:
            logits.append(forward(inputs[stream]).numpy())
            labels.append(label.numpy())
            ids += [text.decode() for text in inputs["id"].numpy()]
            bar.update(len(label))
    return Scores(
        np.array(ids),
        np.concatenate(labels),
        softmax(np.concatenate(logits)),
    )
