"""Runs a network over a split."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.counted import Counted
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import ONE_VIEW, make_dataset
from d3d_tf.evaluation.metrics import Scores
from d3d_tf.pixels import Pixels
from d3d_tf.tasks.classification import TASK


def compile_forward(network):
    """The network in inference mode, traced once for all splits."""
    return tf.function(
        lambda clips: network(clips, training=False), reduce_retracing=True
    )


@dataclasses.dataclass(frozen=True)
class Scorer:
    """A network, and what it is shown of every video of a split.

    Attributes:
      forward: from `compile_forward`.
      dataset: the records.
      clip: length and size of a view.
      stream: `frames` or `flow`.
      batch_size: clips at a time; does not change the result.
      views: of each video; default: one centre clip, one centre crop.
      pixels: how the network wants RGB.
    """

    forward: Callable[[Any], Any]
    dataset: Dataset
    clip: ClipRecipe
    stream: str
    batch_size: int
    views: EvaluationRecipe = ONE_VIEW
    pixels: Pixels = Pixels()

    def score(self, split: str, title: str) -> Scores:
        """Scores every video: the mean over the scores of its views.

        Soft-max scores are averaged and not logits, as in D3D's fusion of
        networks (section 5.3).

        Args:
          split: of the records.
          title: of the progress bar.

        Raises:
          UserError: the records are not those of the manifest, or damaged.
        """
        count = self.views.clips * self.views.crops
        ids: list[str] = []
        labels, logits = [], []
        with (
            naming_damage(self.dataset, split),
            tqdm(
                total=self.dataset.splits[split] * count,
                unit="view",
                desc=title,
                leave=False,
            ) as bar,
        ):
            for inputs, label in self._batches(split):
                logits.append(self.forward(inputs[self.stream]).numpy())
                labels.append(label.numpy())
                ids += [text.decode() for text in inputs["id"].numpy()]
                bar.update(len(label))
        Counted(self.dataset, split).require_each_once(ids[::count])
        probabilities = TASK.scores(np.concatenate(logits))
        # The views of a video come one after another.
        views = probabilities.reshape(-1, count, probabilities.shape[-1])
        return Scores(
            np.array(ids[::count]),
            np.concatenate(labels)[::count],
            views.mean(axis=1),
        )

    def _batches(self, split: str) -> tf.data.Dataset:
        return make_dataset(
            self.dataset,
            split,
            self.clip,
            batch_size=self.batch_size,
            training=False,
            streams=(self.stream, "id"),
            views=self.views,
            pixels=self.pixels,
        )
