"""What every task answers."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Task:
    """What follows from what a label is.

    Attributes:
      loss: makes the Keras loss of labels and outputs, one value per clip.
      metrics: makes the Keras metrics of a training's curves.
      probabilities: the network's outputs, a tensor `[batch, classes]`, to what
        modules, servers and `--mode=predict` answer, of the same shape.
      scores: the same of a float array, in float64: what is averaged over the
        views of a video and over networks.
    """

    loss: Callable[[], Any]
    metrics: Callable[[], list]
    probabilities: Callable[[Any], Any]
    scores: Callable[[np.ndarray], np.ndarray]
