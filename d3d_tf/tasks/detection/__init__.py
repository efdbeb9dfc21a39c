"""Who does what where in a keyframe: boxes, sigmoid of each action, frame-mAP.

`d3d_tf.detector` has its batches, its network and its losses.
"""

import numpy as np

from d3d_tf.tasks.detection.scores import DetectionScores
from d3d_tf.tasks.detection.target import Persons
from d3d_tf.tasks.task import Agreement, Task


def _no_loss():
    """The trainer of detectors has its own."""


def _probabilities(logits):
    import tensorflow as tf

    return tf.nn.sigmoid(logits)


def _describe(probabilities, classes):
    """A line per box: actions above 50 %."""
    return [
        f"person {number}: {_named(row > 0.5, classes)}"
        for number, row in enumerate(probabilities, 1)
    ]


def _caption(target, answers, classes):
    text = "; ".join(_named(row > 0, classes) for row in target[:, 4:])
    return text or "nobody"


def _named(there, classes) -> str:
    names = [classes[index] for index in np.flatnonzero(there)]
    return ", ".join(names) or "none"


TASK = Task(
    target=Persons(),
    loss=_no_loss,
    metrics=list,
    probabilities=_probabilities,
    describe=_describe,
    caption=_caption,
    agreement=Agreement(
        name="label_agreement",
        title="the same actions above 50 % as through records",
        same=lambda one, other: bool(((one > 0.5) == (other > 0.5)).all()),
    ),
    scores=DetectionScores,
)
