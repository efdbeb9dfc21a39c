"""Keyframes of a data set by the ways that lead into a detector's module."""

import functools
from collections.abc import Iterator

import tensorflow as tf

from d3d_tf.config import Recipe
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.detector.clips import around, parse_keyframe, whole_clip
from d3d_tf.experiment.agreement_clips import STORED, VIDEOS
from d3d_tf.hub_export.video_agreement import Sample


def keyframe_samples(dataset: Dataset, recipe: Recipe) -> Iterator[Sample]:
    """Some keyframes of the last test split.

    With their true boxes, unless an RPN finds the persons.

    Args:
      dataset: records around keyframes.
      recipe: that a detector was trained by.
    """
    split = (dataset.test_splits or ["train"])[-1]
    read = functools.partial(parse_keyframe, num_classes=len(dataset.classes))
    clip = recipe.evaluation.clip_of(recipe.clip)
    records = tf.data.TFRecordDataset(list(dataset.shards(split)))
    with naming_damage(dataset, split):
        for record in records.take(VIDEOS):
            whole = whole_clip(
                record, clip, recipe.evaluation.scaled_short_side, read
            )
            video = read(record, ("frames",))
            chosen = around(video["keyframe"], video["length"], clip)
            yield Sample(
                tf.cast(whole["frames"], tf.float32).numpy() / 255,
                {STORED: [*video["frames"].numpy()[chosen.numpy()]]},
                boxes=None
                if recipe.detector.rpn
                else whole["persons"][:, :4].numpy(),
            )
