"""Anchors of an RPN, and what each of them should say."""

import tensorflow as tf

from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.detector import boxes as geometry


def make_anchors(recipe: PersonsRecipe) -> dict:
    """Model Garden's anchors by level, float32 `[features, features, A * 4]`.

    Boxes are y1, x1, y2, x2 in pixels of the square, around the middle of each
    feature: by size, then by ratio. They may reach beyond the square.
    """
    from official.vision.ops.anchor import Anchor

    square = [recipe.side, recipe.side]
    made = {}
    for level in recipe.levels:
        sizes = [
            Anchor(level, level, 1, recipe.ratios, size, square)
            for size in recipe.anchor_sizes
        ]
        parts = [size.multilevel_boxes[str(level)] for size in sizes]
        made[str(level)] = tf.concat(parts, -1)
    return made


def anchor_targets(anchors, truth, recipe: PersonsRecipe, seed):
    """What is learned of anchors in one picture (Ren et al. 2015, section 3.1).

    An anchor shows a person if it shares at least `match_iou` with one, or if
    none shares more with that person; nobody if it shares less than
    `unmatched_iou` with all. Of these `sampled` are drawn, at most half of them
    showing persons. Unlike Model Garden's, draws are functions of the seed.

    Args:
      anchors: float32 `[A, 4]`.
      truth: float32 `[P, 4]`, in the same units; without an area: nobody.
      recipe: thresholds and numbers.
      seed: int32 `[2]`, of this clip in this epoch.

    Returns:
      float32 `[A, 6]`: 1 of those that are learned, 1 of those of them that
      show a person, and the four offsets to that person.
    """
    truth = tf.boolean_mask(truth, geometry.area(truth) > 0)
    # A last person, of no place, so that there is one to gather.
    truth = tf.pad(truth, [[0, 1], [0, 0]])
    shared = geometry.overlap(anchors, truth)
    best, owner = tf.reduce_max(shared, 1), tf.argmax(shared, 1)
    nearest = (shared == tf.reduce_max(shared, 0)) & (shared > 0)
    shows = (best >= recipe.match_iou) | tf.reduce_any(nearest, 1)
    nobody = (best < recipe.unmatched_iou) & ~shows
    # Other streams than those of `choose`, which has the same seed.
    seeds = tf.random.experimental.stateless_split(
        tf.random.experimental.stateless_fold_in(seed, 1), 2
    )
    shows = _drawn(shows, recipe.sampled // 2, seeds[0])
    number = tf.reduce_sum(tf.cast(shows, tf.int32))
    learned = shows | _drawn(nobody, recipe.sampled - number, seeds[1])
    # Model Garden's offsets of anchors have no weights.
    steps = geometry.offsets(anchors, tf.gather(truth, owner))
    steps /= tf.constant(geometry.WEIGHTS)
    shown = tf.cast(shows, tf.float32)[:, None]
    return tf.concat(
        [tf.cast(learned, tf.float32)[:, None], shown, steps * shown], 1
    )


def _drawn(candidates, most, seed):
    """Of the anchors that are true, so many at most: bool `[A]`."""
    places = tf.where(candidates)[:, 0]
    chosen = tf.random.experimental.stateless_shuffle(places, seed)[:most]
    return tf.scatter_nd(
        chosen[:, None],
        tf.ones_like(chosen, tf.bool),
        tf.shape(candidates, tf.int64),
    )
