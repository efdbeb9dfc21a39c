"""D3D: an RGB student that also imitates a flow teacher."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from d3d_tf.config import TermRecipe, to_dict
from d3d_tf.distill.losses import logit_mse
from d3d_tf.distill.terms import logits_and_features, term_loss, term_name
from d3d_tf.distill.train_step import (
    FEATURES,
    StreamTrainer,
    inner_optimizer,
)
from d3d_tf.keras_api import keras

# The entry of the inputs with what a teacher said in its own training step.
_TAUGHT = "taught"


@keras.utils.register_keras_serializable("d3d_tf")
class Distiller(StreamTrainer):
    """Minimises equation 1 of D3D: L = L_a + lambda * L_d, or with more terms.

    Compile, fit, evaluate and predict as with any Keras model. Inputs are
    dicts with

      frames: float32 `[batch, time, height, width, 3]`, as the student's
        `Pixels` make it, and
      flow: float32 `[batch, time, height, width, 2]`, px per frame / 20, or
      teacher_logits: float32 `[batch, classes]`, ready made; where they are
        not finite, L_d is 0.

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
      terms: instead of the two arguments about one distillation loss, the
        terms that are added to L_a: each compares the logits, reported as
        `distillation_loss`, or the features of one endpoint, reported as
        `distillation_loss_ENDPOINT`. For the latter, both networks have a
        method `logits_and_features`, see `VideoNetwork`; features of the
        student are those of its training pass.
      teacher_input_key: `flow`; `frames` distils from a spatial stream, the
        control of the paper's Table 6.
      input_key: of the student: `frames`, or `features`, of which a teacher
        sees `all_features`.
    """

    # The names of what `label_losses` returns.
    label_names: tuple[str, ...] = ("student_loss",)

    def __init__(
        self,
        teacher: Any,
        student: Any,
        *,
        distillation_loss: Callable[[Any, Any], Any] = logit_mse,
        distillation_loss_weight: float = 1.0,
        student_loss_weight: float = 1.0,
        terms: tuple[TermRecipe, ...] = (),
        teacher_input_key: str = "flow",
        input_key: str = "frames",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            student,
            input_key=input_key,
            loss_names=(
                *self.label_names,
                *map(term_name, terms or [TermRecipe()]),
            ),
            **kwargs,
        )
        self.get_tutor: Callable[[], Any] = lambda: None
        self.set_teacher(teacher)
        self.distillation_loss = distillation_loss
        self.distillation_loss_weight = distillation_loss_weight
        self.student_loss_weight = student_loss_weight
        self.teacher_input_key = teacher_input_key
        self._endpoints = any(term.of_features for term in terms)
        self.passes_features = self._endpoints or self.passes_features
        # A function, for the same reason as in `set_teacher`.
        self.get_terms = lambda: terms

    def set_teacher(self, teacher: Any) -> None:
        """Takes another teacher, or None; freezes it."""
        if teacher is not None:
            teacher.trainable = False
        # A function: what is an attribute or a property, Keras would save.
        self.get_teacher = lambda: teacher
        # Those that are traced know the other one.
        self.train_function = self.test_function = None

    def train_beside(self, tutor: StreamTrainer) -> None:
        """Trains the teacher, too, on the same batches ("parallel").

        Each step is one of the tutor, with an optimizer of its own, and one of
        the student, whose target is what the teacher said in its own step, in
        training mode and before its update; no gradient reaches the teacher.
        To call before `compile`. A `.keras` file holds no tutor.

        Args:
          tutor: trains the teacher; its input is `teacher_input_key`.
        """
        teacher = tutor.network
        tutor.passes_features |= self._endpoints
        self.get_teacher = lambda: teacher
        self.get_tutor = lambda: tutor

    def compile(
        self, optimizer: Any = "sgd", loss: Any = None, **kwargs: Any
    ) -> None:
        """As Keras; a tutor gets the same loss, and an equal optimizer."""
        super().compile(optimizer, loss, **kwargs)
        if tutor := self.get_tutor():
            own = inner_optimizer(self.optimizer)
            tutor.compile(type(own).from_config(own.get_config()), loss)
            # Its slots must exist before a checkpoint is read into them.
            inner_optimizer(tutor.optimizer).build(tutor.trainable_variables)

    def beside(self) -> dict[str, Any]:
        tutor = self.get_tutor()
        if tutor is None:
            return {}
        return {"teacher": tutor.network, "teacher_optimizer": tutor.optimizer}

    def trained(self) -> list[Any]:
        tutor = self.get_tutor()
        return super().trained() + (tutor.trained() if tutor else [])

    def take_average(self) -> None:
        super().take_average()
        if tutor := self.get_tutor():
            tutor.take_average()

    def reset_metrics(self) -> None:
        super().reset_metrics()
        if tutor := self.get_tutor():
            tutor.reset_metrics()

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        student = config.pop("network")
        terms = [to_dict(term) for term in self.get_terms()]
        return (
            config
            | ({"terms": terms} if terms else {})
            | {
                "student": student,
                "distillation_loss": keras.saving.serialize_keras_object(
                    self.distillation_loss
                ),
                "distillation_loss_weight": self.distillation_loss_weight,
                "student_loss_weight": self.student_loss_weight,
                "teacher_input_key": self.teacher_input_key,
            }
        )

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
        terms = tuple(TermRecipe(**term) for term in config.get("terms", ()))
        return cls(None, **(config | made | {"terms": terms}))

    @property
    def student(self) -> Any:
        """The network that is trained."""
        return self.network

    def clip_losses(
        self, inputs: dict[str, Any], labels: Any, logits: Any
    ) -> dict[str, tuple[float, Any]]:
        weight = self.student_loss_weight
        own = self.label_losses(inputs, labels, logits, weight)
        losses = dict(zip(self.label_names, own, strict=True))
        target, features = self._target(inputs)
        if "teacher_logits" in inputs and target is not None:
            # Of a video that the teacher never saw, the loss is 0.
            seen = tf.reduce_all(tf.math.is_finite(target), -1, keepdims=True)
            target = tf.where(seen, target, tf.stop_gradient(logits))
        if not self.get_terms() and target is not None:
            losses["distillation_loss"] = (
                self.distillation_loss_weight,
                self.distillation_loss(logits, target),
            )
        student = logits, inputs.get(FEATURES)
        for term in self.get_terms():
            loss = term_loss(term, student, (target, features))
            if loss is not None:
                losses[term_name(term)] = term.weight, loss
        return losses

    def _target(self, inputs: dict[str, Any]) -> tuple[Any, Any]:
        """The teacher's `[batch, classes]` and `{endpoint: features}`.

        Without gradient; None where they are not known, or not needed.
        """
        if _TAUGHT in inputs:
            return inputs[_TAUGHT]
        ready = inputs.get("teacher_logits")
        if ready is not None and not self._endpoints:
            return tf.stop_gradient(ready), None
        if not self._has_teacher_of(inputs):
            return (None if ready is None else tf.stop_gradient(ready)), None
        teacher, clip = self.get_teacher(), inputs[self.teacher_input_key]
        if not self._endpoints:
            return tf.stop_gradient(teacher(clip, training=False)), None
        logits, features = logits_and_features(teacher, clip, training=False)
        logits = logits if ready is None else ready
        features = {key: tf.stop_gradient(f) for key, f in features.items()}
        return tf.stop_gradient(logits), features

    def _has_teacher_of(self, inputs: dict[str, Any]) -> bool:
        return (
            self.get_teacher() is not None and self.teacher_input_key in inputs
        )

    def train_step(self, data: tuple[Any, ...]) -> dict[str, Any]:
        inputs = data[0]
        ready = "teacher_logits" in inputs and not self._endpoints
        if not ready and not self._has_teacher_of(inputs):
            raise ValueError(
                "Distillation needs 'teacher_logits' in its input (not for "
                "terms of an endpoint), or "
                f"{self.teacher_input_key!r} and a teacher; got "
                f"{sorted(inputs)} and teacher={self.get_teacher()}"
                " (set_teacher gives a loaded one its teacher)."
            )
        tutor = self.get_tutor()
        if tutor is None:
            return super().train_step(data)
        seen, logits = tutor.learn(data)
        taught = tf.nest.map_structure(
            tf.stop_gradient, (logits, seen.get(FEATURES, {}))
        )
        logs = super().train_step((inputs | {_TAUGHT: taught}, *data[1:]))
        return logs | {
            f"teacher_{metric.name}": metric.result()
            for metric in tutor.metrics
        }
