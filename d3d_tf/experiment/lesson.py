"""What a network of a run learns from, and the trainer that follows."""

import dataclasses
from typing import Any

from d3d_tf.config import Recipe
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.detector.trainer import DetectorTrainer
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.mixture import MixtureDistiller, MixtureTrainer
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.models.endpoint_names import full_name
from d3d_tf.models.head_start import copy_head
from d3d_tf.tasks import DETECTION
from d3d_tf.training.flow_loss import FlowLossTrainer


@dataclasses.dataclass(frozen=True)
class Lesson:
    """Labels, and at most one teacher.

    Attributes:
      stream: what the network looks at.
      teacher: the network that it imitates.
      teacher_stream: what that one looks at, or one that learns beside it.
      logits: kept ones that it imitates.
      flow: whether it learns to tell the flow.
    """

    stream: str
    teacher: Any = None
    teacher_stream: str | None = None
    logits: TeacherLogits | None = None
    flow: bool = False

    @property
    def streams(self) -> tuple[str, ...]:
        """What a training reads of records."""
        also = "flow" if self.flow else self.teacher_stream
        return tuple({self.stream, also or self.stream})

    def trainer(
        self, network, recipe: Recipe, beside: Any = None
    ) -> StreamTrainer:
        """Makes what trains a network so.

        Args:
          network: with its variables.
          recipe: of the run.
          beside: the teacher that learns with it, if it is parallel.

        Raises:
          UserError: the teacher's head does not fit, see `copy_head`.
          UsageError: the network has no endpoint `distill.flow_endpoint`.
        """
        distill = recipe.distill
        if self.flow:
            endpoint = full_name(
                "distill.flow_endpoint",
                distill.flow_endpoint,
                network.trunk.endpoints,
            )
            return FlowLossTrainer(
                network, endpoint=endpoint, weight=distill.flow_weight
            )
        if recipe.task == DETECTION:
            return DetectorTrainer(network)
        if not (self.teacher or self.logits or beside):
            return _own_trainer(network, recipe, self.stream)
        of_mixture = _mixture_options(network, recipe)
        kind = MixtureDistiller if of_mixture else Distiller
        if self.teacher and distill.copy_head:
            copy_head(network, self.teacher, distill.terms)
        made = kind(
            self.teacher,
            network,
            distillation_loss_weight=distill.weight,
            student_loss_weight=distill.label_weight,
            terms=distill.terms,
            input_key=self.stream,
            teacher_input_key=self.teacher_stream or "flow",
            **of_mixture,
        )
        if beside:
            tutor = _own_trainer(beside, recipe, made.teacher_input_key)
            made.train_beside(tutor)
        return made


def _own_trainer(network, recipe: Recipe, stream: str) -> StreamTrainer:
    """What trains a network from labels alone."""
    if of_mixture := _mixture_options(network, recipe):
        return MixtureTrainer(network, input_key=stream, **of_mixture)
    return StreamTrainer(
        network, input_key=stream, loss_names=(f"{recipe.task}_loss",)
    )


def _mixture_options(network, recipe: Recipe) -> dict[str, Any]:
    """Of the trainer of a mixture; of other networks none."""
    if not hasattr(network.head, "branch_logits"):
        return {}
    return {
        "temperature": recipe.distill.mixture_temperature,
        "weight": recipe.distill.mixture_weight,
    }
