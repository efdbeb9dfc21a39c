"""Runs a network of features over a split, and times it."""

import dataclasses
import statistics
import time

import tensorflow as tf
from tqdm import tqdm

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.feature_sets import files_of
from d3d_tf.data.parts import Part
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.errors import UserError
from d3d_tf.tasks.youtube8m.scores import RankedScores
from d3d_tf.training.workers import as_read, gathered, own_part

REPEATS = 9


def score_features(
    forward,
    dataset: Dataset,
    split: str,
    sampling: FrameSamplingRecipe,
    *,
    batch_size: int,
    seed: int,
    title: str,
) -> RankedScores:
    """The best answers on every video of a split.

    Args:
      forward: from `compile_forward`.
      dataset: of features.
      split: one of its splits.
      sampling: the frames that are seen.
      batch_size: videos at a time; does not change the result.
      seed: of what `sampling` draws.
      title: of the progress bar.

    Raises:
      UserError: the files are not those that were counted, or damaged.
    """
    total = dataset.splits[split]
    part = own_part(total)
    data = feature_batches(
        files_of(dataset, split),
        batch_size=batch_size,
        training=False,
        sampling=sampling,
        seed=seed,
        part=part,
    )
    parts = []
    with (
        naming_damage(dataset, split),
        tqdm(total=total, unit="video", desc=title, leave=False) as bar,
    ):
        for inputs, label in data:
            answers = forward(inputs["features"]).numpy()
            parts.append(
                RankedScores.of_answers(
                    inputs["id"].numpy().astype(str),
                    label.numpy(),
                    RankedScores.prepared(answers),
                )
            )
            bar.update(len(label))
    scores = _of_all_workers(part, RankedScores.joined(parts))
    if len(scores.ids) != total:
        raise UserError(
            f"{dataset.folder} counts {total} videos of {split}, and "
            f"{len(scores.ids)} were read: name the files with --data to have "
            "them counted anew."
        )
    return scores


def _of_all_workers(part: Part, own: RankedScores) -> RankedScores:
    """In the order in which one reads the videos."""
    fields = [getattr(own, field.name) for field in dataclasses.fields(own)]
    by_worker = [RankedScores(*arrays) for arrays in gathered(part, fields)]
    order = as_read([len(one.ids) for one in by_worker])
    return RankedScores.joined(by_worker).at(order)


def milliseconds_per_features(
    forward, dataset: Dataset, sampling: FrameSamplingRecipe
) -> float:
    """Median over repeats of one video, batch 1, features to logits."""
    split = (dataset.test_splits or ["train"])[0]
    data = feature_batches(
        files_of(dataset, split),
        batch_size=1,
        training=False,
        sampling=sampling,
    )
    inputs, _ = next(iter(data))
    features = tf.nest.map_structure(tf.identity, inputs["features"])
    forward(features)  # Traces for this batch size.
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        forward(features).numpy()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)
