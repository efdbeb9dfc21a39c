"""D3D: an RGB student that also imitates a flow teacher."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from d3d_tf.distill.losses import logit_mse
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras


@keras.utils.register_keras_serializable("d3d_tf")
class Distiller(StreamTrainer):
    """Minimises equation 1 of D3D: L = L_a + lambda * L_d.

    Compile, fit, evaluate and predict as with any Keras model. Inputs are
    dicts with

      frames: float32 `[batch, time, height, width, 3]` in [-1, 1], and
      flow: float32 `[batch, time, height, width, 2]`, px per frame / 20, or
      teacher_logits: float32 `[batch, classes]`, ready made.

    The teacher is frozen, always runs in inference mode, and is no part of
    this model's weights (`get_teacher()` returns it): what is saved is the
    student alone. Without `flow` and `teacher_logits`, `evaluate` reports the
    student's loss only, and `fit` raises ValueError. A `.keras` file brings
    back the student, the losses and the optimizer; `set_teacher` gives it its
    teacher again.

    Args:
      teacher: flow to logits; None if the data hold `teacher_logits`.
      student: frames to logits.
      distillation_loss: (student logits, teacher logits), both
        `[batch, classes]`, to `[batch]`; equation 2 by default.
      distillation_loss_weight: lambda; 1 in the paper.
      student_loss_weight: weight of L_a; 1 in the paper.
      teacher_input_key: `flow`; `frames` distils from a spatial stream, the
        control of the paper's Table 6.
    """

    loss_names = ("student_loss", "distillation_loss")

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        distillation_loss: Callable[[Any, Any], Any] = logit_mse,
        distillation_loss_weight: float = 1.0,
        student_loss_weight: float = 1.0,
        teacher_input_key: str = "flow",
        **kwargs: Any,
    ) -> None:
        super().__init__(student, input_key="frames", **kwargs)
        self.set_teacher(teacher)
        self.distillation_loss = distillation_loss
        self.distillation_loss_weight = distillation_loss_weight
        self.student_loss_weight = student_loss_weight
        self.teacher_input_key = teacher_input_key

    def set_teacher(self, teacher: Any) -> None:
        """Takes another teacher, or None; freezes it."""
        if teacher is not None:
            teacher.trainable = False
        # A function: what is an attribute or a property, Keras would save.
        self.get_teacher = lambda: teacher
        # Those that are traced know the other one.
        self.train_function = self.test_function = None

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        student = config.pop("network")
        del config["input_key"]
        return config | {
            "student": student,
            "distillation_loss": keras.saving.serialize_keras_object(
                self.distillation_loss
            ),
            "distillation_loss_weight": self.distillation_loss_weight,
            "student_loss_weight": self.student_loss_weight,
            "teacher_input_key": self.teacher_input_key,
        }

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: dict[str, Any] | None = None,
    ) -> "Distiller":
        load = keras.saving.deserialize_keras_object
        made = {
            key: load(config[key], custom_objects=custom_objects)
            for key in ("student", "distillation_loss")
        }
        return cls(None, **(config | made))

    @property
    def student(self) -> Any:
        """The network that is trained."""
        return self.network

    def clip_losses(
        self, inputs: dict[str, Any], labels: Any, logits: Any
    ) -> dict[str, tuple[float, Any]]:
        losses = {
            "student_loss": (
                self.student_loss_weight,
                self._clip_loss(labels, logits),
            )
        }
        target = self._teacher_logits(inputs)
        if target is not None:
            losses["distillation_loss"] = (
                self.distillation_loss_weight,
                self.distillation_loss(logits, target),
            )
        return losses

    def _teacher_logits(self, inputs: dict[str, Any]) -> Any:
        """`[batch, classes]` without gradient, or None where none is known."""
        if "teacher_logits" in inputs:
            return tf.stop_gradient(inputs["teacher_logits"])
        if self.get_teacher() is not None and self.teacher_input_key in inputs:
            clip = inputs[self.teacher_input_key]
            return tf.stop_gradient(self.get_teacher()(clip, training=False))
        return None

    def train_step(self, data: tuple[Any, ...]) -> dict[str, Any]:
        inputs = data[0]
        known = "teacher_logits" in inputs or (
            self.get_teacher() is not None and self.teacher_input_key in inputs
        )
        if not known:
            raise ValueError(
                "Distillation needs 'teacher_logits' in its input, or "
                f"{self.teacher_input_key!r} and a teacher; got "
                f"{sorted(inputs)} and teacher={self.get_teacher()}"
                " (set_teacher gives a loaded one its teacher)."
            )
        return super().train_step(data)
