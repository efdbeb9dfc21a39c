"""Any number of classes per clip: sigmoid, cross-entropy of each, mAP.

As X3D and SlowFast train on Charades: the mean over classes of the binary
cross-entropy.
"""

import numpy as np

from d3d_tf.tasks.classification import describe
from d3d_tf.tasks.multilabel.scores import LabelScores
from d3d_tf.tasks.multilabel.target import ClassSet
from d3d_tf.tasks.task import Agreement, Task


def _loss():
    from d3d_tf.keras_api import keras

    return keras.losses.BinaryCrossentropy(from_logits=True)


def _metrics():
    from d3d_tf.keras_api import keras

    # Of a batch mAP would be another number than of a split.
    return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)]


def _probabilities(logits):
    import tensorflow as tf

    return tf.nn.sigmoid(logits)


def _caption(target, probabilities, classes):
    own = ", ".join(classes[index] for index in np.flatnonzero(target))
    if probabilities is None:
        return own
    likely = np.flatnonzero(probabilities > 0.5)
    said = ", ".join(classes[index] for index in likely) or "none"
    return f"{own}: student says {said}"


TASK = Task(
    target=ClassSet(),
    loss=_loss,
    metrics=_metrics,
    probabilities=_probabilities,
    describe=describe,
    caption=_caption,
    agreement=Agreement(
        name="label_agreement",
        title="the same classes above 50 % as through records",
        same=lambda one, other: bool(((one > 0.5) == (other > 0.5)).all()),
    ),
    scores=LabelScores,
)
