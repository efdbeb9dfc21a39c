"""A network's answer on a clip, and the map of each class that is asked for."""

import dataclasses
import hashlib

import numpy as np
import tensorflow as tf

from d3d_tf.config import ExplainRecipe
from d3d_tf.explain.asked import Asked
from d3d_tf.explain.gradcam import class_map, picture_map
from d3d_tf.tasks import task_of


@dataclasses.dataclass(frozen=True)
class Explained:
    """What one network says of a clip, and why.

    Attributes:
      asked: the network.
      weights: SHA-256 of the values of its variables, in order.
      grid: time, height and width of the endpoint.
      probabilities: `[classes]` float, of the classes that are drawn.
      maps: float32 `[classes, time, height, width]` in [0, 1], of the clip's
        size.
    """

    asked: Asked
    weights: str
    grid: tuple[int, ...]
    probabilities: np.ndarray
    maps: np.ndarray


def explained(
    asked: Asked, network, clip, names: list[str], settings: ExplainRecipe
) -> Explained:
    """Asks one network about classes.

    Args:
      asked: which network it is.
      network: a `VideoNetwork` with its variables, in float32.
      clip: float32 `[1, time, height, width, channels]`, as it takes it.
      names: of classes that it knows.
      settings: how maps are computed and scaled.
    """
    classes = [asked.labels.index(name) for name in names]
    logits, maps = answer_with_maps(
        network, clip, asked.endpoint, classes, settings.method
    )
    answer = task_of(asked.recipe.task).probabilities(logits[tf.newaxis])[0]
    digest = hashlib.sha256()
    for variable in network.variables:
        digest.update(variable.numpy().tobytes())
    return Explained(
        asked,
        digest.hexdigest(),
        tuple(maps.shape[1:]),
        answer.numpy()[classes],
        np.stack(
            [picture_map(m, settings.scale, *clip.shape[1:4]) for m in maps]
        ),
    )


def answer_with_maps(
    network, clip, endpoint: str, classes: list[int], method: str
) -> tuple:
    """Logits and maps of one pass, in inference mode.

    Args:
      network, clip: as in `explained`.
      endpoint: of its trunk; maps are as large.
      classes: whose logits are explained.
      method: see `d3d_tf.explain.gradcam`.

    Returns:
      float32 `[num_classes]` and `[classes, time', height', width']`.
    """

    # In a graph, gradients are computed back to the endpoint and no further.
    @tf.function(autograph=False)
    def answer(clip):
        logits, features = network.logits_and_features(clip, training=False)
        net = features[endpoint]
        maps = []
        for score in tf.unstack(tf.gather(logits[0], classes)):
            (slopes,) = tf.gradients(score, net)
            maps.append(class_map(method, net[0], slopes[0], score))
        return logits[0], tf.stack(maps)

    return answer(clip)
