"""Finds the persons of a keyframe: a region proposal network.

(Ren et al., Faster R-CNN, 2015, section 3; with a feature pyramid, Lin et al.
2017.) The networks are those of `garden`.
"""

import tensorflow as tf

from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.detector import boxes as geometry
from d3d_tf.detector.anchors import anchor_targets, make_anchors
from d3d_tf.detector.garden import make_parts, read_checkpoint
from d3d_tf.detector.letterbox import extent, letterboxed
from d3d_tf.keras_api import keras
from d3d_tf.needs import require_model_garden
from d3d_tf.pixels import Pixels

# What Model Garden's ResNets are shown (`preprocess_ops.normalize_image`).
IMAGENET = Pixels((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

# Pixels of the square; no side of a proposal is smaller. Ours.
_LEAST = 1.0


@keras.utils.register_keras_serializable("d3d_tf")
class PersonFinder(keras.layers.Layer):
    """Pictures to what an RPN says of its anchors; `propose` makes boxes of it.

    Pictures are float32 `[batch, height, width, 3]` in [0, 1], of any size. The
    answer is `(scores, offsets)`, dicts by level, float32 `[batch, rows,
    columns, A]` logits and `[batch, rows, columns, A * 4]`.

    Args:
      recipe: what is built; from scratch.

    Raises:
      UserError: Model Garden is not installed.
    """

    def __init__(self, recipe: PersonsRecipe, **kwargs):
        super().__init__(**kwargs)
        require_model_garden()
        from official.vision.modeling.layers import roi_generator

        self.recipe = recipe
        self._parts = make_parts(recipe)
        self.rpn = self._parts.whole
        # Keras' files would not have those of the head, which are in lists of
        # lists there.
        self.head_norms = [
            layer
            for layer in self._parts.head.submodules
            if hasattr(layer, "moving_mean")
        ]
        self._anchors = make_anchors(recipe)
        self._generator = roi_generator.MultilevelROIGenerator(
            test_pre_nms_top_k=recipe.candidates,
            test_pre_nms_score_threshold=recipe.least_score,
            # Without it, boxes that were moved out of the picture count, too.
            test_pre_nms_min_size_threshold=_LEAST,
            test_nms_iou_threshold=recipe.nms_iou,
            test_num_proposals=recipe.proposals,
        )
        self.trainable = not recipe.frozen

    def start(self) -> None:
        """Fills it from `recipe.checkpoint`, if there is one.

        Raises:
          UserError: as `read_checkpoint`.
        """
        if self.recipe.checkpoint is not None:
            read_checkpoint(self._parts, self.recipe)

    def call(self, pictures, training=None):
        recipe = self.recipe
        square = letterboxed(
            IMAGENET.from_unit(pictures), recipe.side, recipe.longest
        )
        answers = self.rpn(square, training=training)
        return tf.nest.map_structure(lambda x: tf.cast(x, tf.float32), answers)

    def propose(self, answers, pictures):
        """The best boxes, most likely first; no gradient flows through them.

        Args:
          answers: to `pictures`.
          pictures: their size is used.

        Returns:
          float32 `[batch, N, 4]`, shares of the picture, and scores `[batch,
          N]`; rows of zeros where there are fewer. N is `recipe.proposals`, or
          the number of anchors.
        """
        scores, offsets = tf.nest.map_structure(tf.stop_gradient, answers)
        covered = self._covered(pictures)
        shapes = tf.tile(covered[None], [tf.shape(pictures)[0], 1])
        anchors = {level: a[None] for level, a in self._anchors.items()}
        found, scores = self._generator(offsets, scores, anchors, shapes)
        there = tf.cast((geometry.area(found) > 0) & (scores > 0), tf.float32)
        shares = tf.clip_by_value(found / tf.tile(covered, [2]), 0.0, 1.0)
        return shares * there[..., None], scores * there

    def targets(self, truth, pictures, seeds):
        """What answers to pictures should be, see `anchor_targets`.

        Args:
          truth: float32 `[batch, P, 4]`, shares; rows without an area are none.
          pictures: their size is used.
          seeds: int32 `[batch, 2]`.

        Returns:
          float32 `[batch, anchors, 6]`, as `flat` orders them.
        """
        anchors = [tf.reshape(a, [-1, 4]) for a in self._anchors.values()]
        anchors = tf.concat(anchors, 0)
        pixels = truth * tf.tile(self._covered(pictures), [2])
        return tf.map_fn(
            lambda one: anchor_targets(anchors, one[0], self.recipe, one[1]),
            (pixels, seeds),
            fn_output_signature=tf.TensorSpec([anchors.shape[0], 6]),
        )

    def flat(self, answers):
        """`[batch, anchors]` logits and `[batch, anchors, 4]` offsets."""
        scores, offsets = answers
        batch = tf.shape(next(iter(scores.values())))[0]
        levels = self._anchors
        return (
            tf.concat([tf.reshape(scores[k], [batch, -1]) for k in levels], 1),
            tf.concat(
                [tf.reshape(offsets[k], [batch, -1, 4]) for k in levels], 1
            ),
        )

    def _covered(self, pictures):
        shape, recipe = tf.shape(pictures), self.recipe
        return extent(shape[1], shape[2], recipe.side, recipe.longest)
