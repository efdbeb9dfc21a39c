"""What every task answers."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from d3d_tf.evaluation.scores import Scores


class Target(Protocol):
    """What a network learns of a video: what a record says, and as a tensor.

    Attributes:
      several: whether a video may have several classes.
    """

    several: bool

    def features(self) -> Mapping[str, Any]:
        """Context features of a record, as TensorFlow's parser takes them."""

    def parse(self, context: Mapping[str, Any], num_classes: int) -> Any:
        """The parsed features to the target, a tensor of known shape."""

    def mirrored(
        self, target: Any, flipped: Any, classes: Sequence[int] | None
    ) -> Any:
        """The target of a clip that may have been flipped.

        Args:
          target: from `parse`.
          flipped: bool scalar, whether left and right are exchanged.
          classes: for each class that of its mirror image; None: the same.
        """

    def listed(
        self, rows: Sequence[Mapping[str, Any]], num_classes: int
    ) -> Any:
        """What rows of manifest.json say of the targets: `[rows, ...]`."""

    def agrees(self, target: Any, listed: Any, num_classes: int) -> Any:
        """Whether a record's target can be right: bool scalar.

        Args:
          target: from `parse`.
          listed: its row of `listed`; None: the manifest is not compared.
          num_classes: of the records.
        """

    def problem(
        self, context: Any, row: Mapping[str, Any] | None, num_classes: int
    ) -> str | None:
        """Why it does not agree, in words that follow "has"; None: it does.

        Args:
          context: the record's `tf.train.Features`.
          row: of manifest.json; None: the manifest is not compared.
          num_classes: of the records.
        """

    def contradiction(self, context: Any, classes: Sequence[str]) -> str | None:
        """How a record of ours contradicts the names of the classes; or None.

        Args:
          context: the record's `tf.train.Features`; what breaks the schema is
            reported elsewhere.
          classes: names, in order.
        """


@dataclasses.dataclass(frozen=True)
class Agreement:
    """When two answers on a video say the same.

    Attributes:
      name: of the share of such videos, in module.json.
      title: the same in the model card.
      same: of two answers, float arrays.
    """

    name: str
    title: str
    same: Callable[[Any, Any], bool]


@dataclasses.dataclass(frozen=True)
class Task:
    """What follows from what a label is.

    Attributes:
      target: what is read of a record, and compared with the manifest.
      loss: makes the Keras loss of targets and outputs, one value per clip;
        that of YouTube-8M takes `epsilon`.
      metrics: makes the Keras metrics of a training's curves.
      probabilities: the network's outputs, a tensor `[batch, classes]`, to what
        modules, servers and `--mode=predict` answer, of the same shape.
      describe: the answer on one video, as a float array, and the names of the
        classes to lines for people.
      caption: for the report, `(target, answer, names of the classes)` of a
        video to what is written under its clip; the answer may be None.
      agreement: of a module's answer and the one that it should give.
      scores: what is kept of a network's outputs on a split; its `measures`
        are what the table, results.json and the report show.
    """

    target: Target
    loss: Callable[..., Any]
    metrics: Callable[[], list]
    probabilities: Callable[[Any], Any]
    describe: Callable[[Any, Sequence[str]], list[str]]
    caption: Callable[[Any, Any, Sequence[str]], str]
    agreement: Agreement
    scores: type[Scores]
