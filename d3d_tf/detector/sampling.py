"""Which boxes of a clip are learned, and what about each.

All draws are functions of a seed: a clip's boxes depend neither on the batch
nor on the number of devices.
"""

from typing import NamedTuple

import tensorflow as tf

from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.detector import boxes as geometry


class Lesson(NamedTuple):
    """What is learned of boxes; in this order as columns of one tensor.

    Attributes:
      weights: `[..., N, 1]`, 1 of boxes that count, 0 where there is none.
      persons: `[..., N, 1]`, 1 of boxes that show a person.
      offsets: `[..., N, 4]`, to that person's true box.
      actions: `[..., N, classes]`, 1 of those that the person does.
    """

    weights: tf.Tensor
    persons: tf.Tensor
    offsets: tf.Tensor
    actions: tf.Tensor

    def joined(self):
        """`[..., N, 6 + classes]`."""
        return tf.concat([*self], -1)

    @classmethod
    def of(cls, joined) -> "Lesson":
        """The inverse of `joined`."""
        classes = joined.shape[-1] - 6
        return cls(*tf.split(joined, [1, 1, 4, classes], -1))


def choose(persons, proposals, recipe: DetectorRecipe, seed):
    """Boxes of one clip, and what is learned about them.

    Boxes that show a person come first. If there are fewer than `recipe.rois`,
    the rest are empty and have no weight.

    Args:
      persons: float32 `[P, 4 + classes]`, true boxes (shares of the clip) and
        their actions.
      proposals: float32 `[Q, 4]`, boxes of a detector or of the RPN.
      recipe: which are taken.
      seed: int32 `[2]`, of this clip in this epoch.

    Returns:
      Boxes float32 `[rois, 4]`, and a joined `Lesson` of them.
    """
    seeds = tf.random.experimental.stateless_split(seed, 3)
    persons = tf.boolean_mask(persons, geometry.area(persons[:, :4]) > 0)
    truth, actions = persons[:, :4], persons[:, 4:]
    drawn = _jittered(truth, recipe.jitter, seeds[0])
    mixed = tf.concat([drawn, proposals], 0)
    given = {
        "truth": drawn,
        "proposals": proposals,
        "both": mixed,
        "rpn": mixed,
    }[recipe.boxes]
    given = tf.boolean_mask(given, geometry.area(given) > 0)
    # A last person, of no place, so that there is one to gather.
    shared = geometry.overlap(given, tf.pad(truth, [[0, 1], [0, 0]]))
    best, owner = tf.reduce_max(shared, 1), tf.argmax(shared, 1)
    shows = (best >= recipe.foreground_iou) & (best > 0)
    chosen = _drawn(shows, recipe, seeds[1:])
    boxes = tf.gather(given, chosen)
    shown = tf.cast(tf.gather(shows, chosen), tf.float32)[:, None]
    owner = tf.gather(owner, chosen)
    theirs = tf.gather(tf.pad(truth, [[0, 1], [0, 0]]), owner)
    does = tf.gather(tf.pad(actions, [[0, 1], [0, 0]]), owner)
    lesson = Lesson(
        tf.ones_like(shown),
        shown,
        geometry.offsets(boxes, theirs) * shown,
        does * shown,
    ).joined()
    number = recipe.rois
    empty = [[0, number - tf.shape(boxes)[0]], [0, 0]]
    return (
        tf.ensure_shape(tf.pad(boxes, empty), [number, 4]),
        tf.ensure_shape(tf.pad(lesson, empty), [number, lesson.shape[1]]),
    )


def _drawn(shows, recipe: DetectorRecipe, seeds):
    """Places of at most `rois` boxes, those that show a person first."""
    yes, no = (
        tf.random.experimental.stateless_shuffle(
            tf.where(condition)[:, 0], seeds[i]
        )
        for i, condition in enumerate((shows, ~shows))
    )
    if not recipe.background:
        return yes[: recipe.rois]
    most = max(1, round(recipe.rois * recipe.foreground_share))
    yes = yes[:most]
    return tf.concat([yes, no[: recipe.rois - tf.shape(yes)[0]]], 0)


def _jittered(truth, most: float, seed):
    """Each box moved and stretched by up to `most` of its own size."""
    if not most:
        return truth
    drawn = tf.random.stateless_uniform(tf.shape(truth), seed, -most, most)
    size = truth[:, 2:] - truth[:, :2]
    centre = truth[:, :2] + size * (0.5 + drawn[:, :2])
    size *= 1.0 + drawn[:, 2:]
    return tf.clip_by_value(
        tf.concat([centre - size / 2, centre + size / 2], 1), 0.0, 1.0
    )
