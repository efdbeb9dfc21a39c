"""The batches of a training, and of the videos that it keeps for itself."""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from d3d_tf.data.dataset import HELD_OUT
from d3d_tf.data.feature_sets import files_of
from d3d_tf.data.parts import Part
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.detector.batches import training_batches
from d3d_tf.tasks import DETECTION

if TYPE_CHECKING:
    from d3d_tf.training.trainer import Training


def training_inputs(
    training: "Training", start: int, part: Part
) -> tf.data.Dataset:
    """The endless batches of all steps from `start` on, or a part of each."""
    recipe = training.recipe
    part = dataclasses.replace(part, service=recipe.data.service)
    drawn: dict[str, Any] = {
        "seed": recipe.seed,
        "start_step": start,
        "part": part,
    }
    if recipe.of_features:
        return _features(training, "train", **drawn)
    drawn |= _of_clips(training)
    if recipe.task == DETECTION:
        return training_batches(
            training.dataset, "train", recipe.clip, recipe.detector, **drawn
        )
    return make_dataset(
        training.dataset,
        "train",
        recipe.clip,
        training=True,
        streams=training.streams,
        teacher_logits=training.teacher_logits,
        **drawn,
    )


def held_out_inputs(training: "Training", part: Part) -> tf.data.Dataset:
    """The videos held out of the training, once, a centre clip of each."""
    recipe = training.recipe
    size = {"batch_size": part.batch_size(recipe.train.batch_size)}
    if recipe.of_features:
        return _features(training, HELD_OUT, part=part, **size)
    return make_dataset(
        training.dataset,
        HELD_OUT,
        recipe.clip,
        training=False,
        streams=training.streams,
        part=part,
        **_of_clips(training) | size,
    )


def held_out_steps(training: "Training", part: Part) -> int | None:
    """How many all workers score them in; None: one finds the end itself."""
    if part.workers == 1:
        return None
    most = math.ceil(
        sum(training.dataset.shards(HELD_OUT).values()) / part.workers
    )
    return math.ceil(most / (training.recipe.train.batch_size // part.workers))


def _of_clips(training: "Training") -> dict[str, Any]:
    recipe = training.recipe
    return {
        "batch_size": recipe.train.batch_size,
        "pixels": recipe.network.pixels,
    }


def _features(training: "Training", split: str, **drawn) -> tf.data.Dataset:
    return feature_batches(
        files_of(training.dataset, split),
        training=split == "train",
        sampling=training.sampling,
        also_all="all_features" in training.streams,
        **{"batch_size": training.recipe.train.batch_size} | drawn,
    )
