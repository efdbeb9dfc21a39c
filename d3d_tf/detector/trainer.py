"""Training a detector so that a step does not depend on the replica count."""

import tensorflow as tf

from d3d_tf.detector.network import Detector
from d3d_tf.detector.sampling import Lesson, choose
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras

# Where losses of offsets turn from squares to lengths: of persons, and of
# anchors, whose offsets have no weights (Model Garden's
# `rpn_huber_loss_delta`).
DELTA = 1.0
ANCHOR_DELTA = 1 / 9


@keras.utils.register_keras_serializable("d3d_tf")
class DetectorTrainer(StreamTrainer):
    """Cross-entropy of each action, and Huber's loss of the offsets.

    As in Fast R-CNN (Girshick 2015, section 2.3), both are means over all boxes
    that are learned, where those that show nobody have no second one; the first
    is a mean over actions, too. Means are over the global batch, whatever part
    of its boxes a replica has.

    A detector with an RPN chooses its boxes in the step. If the RPN learns,
    there are cross-entropy of whether anchors show persons, a mean over those
    that are learned, and Huber's loss of their four offsets, a mean over those
    that show persons (Ren et al. 2015, section 3.1; weights as in Model Garden,
    which takes the second mean level by level). No gradient flows through
    boxes, nor from one part to the other: they share no layer.

    Args:
      network: a `Detector`.
    """

    loss_names = ("action_loss", "offset_loss")

    def __init__(self, network: Detector, **kwargs):
        if network.persons is not None and network.persons.trainable:
            names = (*self.loss_names, "person_loss", "person_offset_loss")
            kwargs = {"loss_names": names} | kwargs
        super().__init__(network, **kwargs)

    def compile(self, optimizer="sgd", loss=None, **kwargs):
        """As Keras; the losses are its own, and `loss` has no effect."""
        super().compile(optimizer=optimizer, **kwargs)

    def call(self, inputs, training=None, features=False):
        return self.network(inputs, training=training)

    def forward(self, inputs, training: bool) -> tuple:
        if self.network.persons is None:
            return super().forward(inputs, training)
        network, finder = self.network, self.network.persons
        pictures = network.keyframes(inputs["frames"])
        moves = network.moves(training) and finder.trainable
        answers = finder(pictures, training=moves)
        seen = dict(inputs)
        if network.recipe.boxes == "rpn":
            seen["proposals"], _ = finder.propose(answers, pictures)
        boxes, seen["lesson"] = self._chosen(seen)
        if finder.trainable:
            truth = inputs["persons"][..., :4]
            seen["anchors"] = finder.targets(truth, pictures, inputs["seed"])
            seen["anchor_answers"] = finder.flat(answers)
        asked = {"frames": inputs["frames"], "boxes": boxes}
        return seen, self(asked, training=training)

    def _chosen(self, inputs) -> tuple:
        """Boxes and lessons of each clip, see `choose`."""
        recipe, columns = self.network.recipe, inputs["persons"].shape[-1]
        return tf.map_fn(
            lambda one: choose(one[0], one[1], recipe, one[2]),
            (inputs["persons"], inputs["proposals"], inputs["seed"]),
            fn_output_signature=(
                tf.TensorSpec([recipe.rois, 4], tf.float32),
                tf.TensorSpec([recipe.rois, columns + 2], tf.float32),
            ),
        )

    def clip_losses(self, inputs, labels, logits) -> dict:
        lesson = Lesson.of(inputs.get("lesson", labels))
        actions, offsets = logits
        weights = lesson.weights[..., 0]
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=lesson.actions, logits=actions
        )
        # Of a clip's sum, so that the mean over clips is that over boxes.
        share = _mean_count(weights)
        entropy = tf.reduce_sum(weights * tf.reduce_mean(entropy, -1), 1)
        losses = {"action_loss": (1.0, entropy / share)}
        gap = tf.zeros_like(weights)
        if offsets is not None:
            gap = tf.reduce_sum(_huber(offsets - lesson.offsets, DELTA), -1)
        gap = tf.reduce_sum(gap * lesson.persons[..., 0], 1)
        losses |= {"offset_loss": (1.0, gap / share)}
        if "anchors" in inputs:
            losses |= self._anchor_losses(
                inputs["anchors"], *inputs["anchor_answers"]
            )
        return losses

    def _anchor_losses(self, targets, scores, offsets) -> dict:
        recipe = self.network.persons.recipe
        learned, shown, steps = tf.split(targets, [1, 1, 4], -1)
        learned, shown = learned[..., 0], shown[..., 0]
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=shown, logits=scores
        )
        entropy = tf.reduce_sum(entropy * learned, 1) / _mean_count(learned)
        gap = tf.reduce_mean(_huber(offsets - steps, ANCHOR_DELTA), -1)
        gap = tf.reduce_sum(gap * shown, 1) / _mean_count(shown)
        return {
            "person_loss": (recipe.score_weight, entropy),
            "person_offset_loss": (recipe.offset_weight, gap),
        }


def _mean_count(weights):
    """Those that count, of a clip of the global batch in the mean; or 1."""
    context = tf.distribute.get_replica_context()
    clips = tf.cast(tf.shape(weights)[0], tf.float32)
    boxes, clips = context.all_reduce(
        tf.distribute.ReduceOp.SUM, [tf.reduce_sum(weights), clips]
    )
    return tf.maximum(boxes, 1.0) / clips


def _huber(gap, delta: float):
    size = tf.abs(gap)
    return tf.where(
        size <= delta, 0.5 * tf.square(gap), delta * (size - 0.5 * delta)
    )
