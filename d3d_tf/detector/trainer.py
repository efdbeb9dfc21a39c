"""Training a detector so that a step does not depend on the replica count."""

import tensorflow as tf

from d3d_tf.detector.network import Detector
from d3d_tf.detector.sampling import Lesson
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras

# Where the loss of offsets turns from squares to lengths.
DELTA = 1.0


@keras.utils.register_keras_serializable("d3d_tf")
class DetectorTrainer(StreamTrainer):
    """Cross-entropy of each action, and Huber's loss of the offsets.

    As in Fast R-CNN (Girshick 2015, section 2.3), both are means over all boxes
    that are learned, where those that show nobody have no second one; the first
    is a mean over actions, too. Means are over the global batch, whatever part
    of its boxes a replica has.

    Args:
      network: a `Detector`.
    """

    loss_names = ("action_loss", "offset_loss")

    def __init__(self, network: Detector, **kwargs):
        super().__init__(network, **kwargs)

    def compile(self, optimizer="sgd", loss=None, **kwargs):
        """As Keras; the losses are its own, and `loss` has no effect."""
        super().compile(optimizer=optimizer, **kwargs)

    def call(self, inputs, training=None):
        return self.network(inputs, training=training)

    def clip_losses(self, inputs, labels, logits) -> dict:
        lesson = Lesson.of(labels)
        actions, offsets = logits
        weights = lesson.weights[..., 0]
        # Of a clip's sum, so that the mean over clips is that over boxes.
        share = _mean_count(weights)
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=lesson.actions, logits=actions
        )
        entropy = tf.reduce_sum(weights * tf.reduce_mean(entropy, -1), 1)
        losses = {"action_loss": (1.0, entropy / share)}
        gap = tf.zeros_like(weights)
        if offsets is not None:
            gap = tf.reduce_sum(_huber(offsets - lesson.offsets), -1)
        gap = tf.reduce_sum(gap * lesson.persons[..., 0], 1)
        return losses | {"offset_loss": (1.0, gap / share)}


def _mean_count(weights):
    """Boxes that count, of a clip of the global batch in the mean; or 1."""
    context = tf.distribute.get_replica_context()
    clips = tf.cast(tf.shape(weights)[0], tf.float32)
    boxes, clips = context.all_reduce(
        tf.distribute.ReduceOp.SUM, [tf.reduce_sum(weights), clips]
    )
    return tf.maximum(boxes, 1.0) / clips


def _huber(gap):
    size = tf.abs(gap)
    return tf.where(
        size <= DELTA, 0.5 * tf.square(gap), DELTA * (size - 0.5 * DELTA)
    )
