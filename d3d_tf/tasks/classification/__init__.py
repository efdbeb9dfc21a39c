"""One class per clip: int64 labels, cross-entropy, soft-max, top-1."""

from d3d_tf.tasks.classification.scores import ClassScores
from d3d_tf.tasks.classification.target import ClassIndex
from d3d_tf.tasks.task import Agreement, Task

# How many classes `--mode=predict` shows.
TOP = 5


def _loss():
    from d3d_tf.keras_api import keras

    # L_a of D3D's equation 1.
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _metrics():
    from d3d_tf.keras_api import keras

    return [keras.metrics.SparseCategoricalAccuracy(name="top1")]


def _probabilities(logits):
    import tensorflow as tf

    return tf.nn.softmax(logits)


def describe(probabilities, classes) -> list[str]:
    """Lines for people: the `TOP` likeliest of `[classes]` probabilities."""
    return [
        f"{100 * probabilities[index]:6.1f} %  {classes[index]}"
        for index in (-probabilities).argsort()[:TOP]
    ]


def _caption(label, probabilities, classes):
    if probabilities is None:
        return classes[label]
    best = int(probabilities.argmax())
    return (
        f"{classes[label]}: student says {classes[best]} "
        f"({100 * probabilities[best]:.0f} %)"
    )


TASK = Task(
    target=ClassIndex(),
    loss=_loss,
    metrics=_metrics,
    probabilities=_probabilities,
    describe=describe,
    caption=_caption,
    agreement=Agreement(
        name="top1_agreement",
        title="top-1 as through records",
        same=lambda one, other: one.argmax() == other.argmax(),
    ),
    scores=ClassScores,
)
