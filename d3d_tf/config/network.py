"""The sections of a recipe that say what a network is and what is exported."""

from typing import Annotated, TypeAlias

from pydantic import model_validator
from pydantic_core import core_schema

from d3d_tf.distill import BRANCHES, LOSSES
from d3d_tf.models import DEFAULT, FAMILIES, recipe_class
from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.sections import (
    Later,
    NotNegative,
    OneOf,
    Positive,
    Text,
    require,
    section,
)

EXPORT_KINDS = ("classification", "feature_vector", "feature_map")


class _OfItsFamily:
    """Reads a mapping as the section of the family that its `model` names."""

    def __get_pydantic_core_schema__(self, source, handler):
        classes = {recipe_class(model) for model in FAMILIES}
        return core_schema.tagged_union_schema(
            {c.__name__: handler.generate_schema(c) for c in classes},
            discriminator=_family,
        )


def _family(value) -> str:
    model = DEFAULT
    if isinstance(value, dict):
        model = value.get("model", DEFAULT)
    if isinstance(value, NetworkRecipe):
        model = value.model
    # Of one that is unknown, its section says what there is.
    known = isinstance(model, str) and model in FAMILIES
    return recipe_class(model if known else DEFAULT).__name__


AnyNetwork: TypeAlias = Annotated[NetworkRecipe, _OfItsFamily()]


@section
class ExportRecipe:
    """Which part of the network an export contains."""

    kind: Annotated[str, OneOf(*EXPORT_KINDS)] = "classification"
    endpoint: str | None = None
    """Where a `feature_map` ends, such as Mixed_4f; checked by `Recipe`."""


@section
class FinetuneRecipe:
    """What `--mode=finetune` takes over and what of it stays as it is."""

    start: Annotated[str, OneOf("student", "baseline")] = "student"
    """Which network of the run it starts from: `student` (where there is none,
    its RGB network), or `baseline`."""
    batch_norm: Annotated[str, OneOf("train", "frozen")] = "train"
    """`train`: normalise with the batch's statistics, which the moving averages
    follow; `frozen`: with the averages of the start, which stay. Shifts are
    trained in both."""
    freeze_to: Text | None = None
    """Endpoint up to which, itself included, nothing is trained, weights or
    statistics; None: everything is. Checked when the network is known."""


@section
class TermRecipe:
    """One term of the distillation loss: weight * loss(student, teacher)."""

    where: Text = "logits"
    """`logits`; an endpoint that teacher and student both have and whose
    features have one shape in both; or `branches`, the logits of each branch of
    a student that is a mixture, and the teacher's. Checked by `Recipe`."""
    loss: Annotated[str, OneOf(*LOSSES)] = "mse"
    """`mse`: the mean over classes, or over all elements of a clip's features,
    of the squared difference; `squares`: the sum instead of the mean;
    `label_kl`: of logits with task=youtube8m, the divergence from the teacher
    of the sigmoid scores, divided by their sum over classes; `score_squares`:
    of logits, the sum over classes of the squared difference of those scores;
    `soft_targets`: of branches, the divergence from the teacher of the soft-max
    over classes of logits / `temperature`, summed over branches."""
    weight: NotNegative = 1.0
    temperature: Annotated[Positive, Later()] = 3.0
    """Of `soft_targets`; the paper of mixtures has its square as `weight`."""

    @property
    def compares(self) -> str:
        """`logits`, `branches`, or `features` of an endpoint."""
        places = ("logits", BRANCHES)
        return self.where if self.where in places else "features"

    @property
    def of_features(self) -> bool:
        """Whether it compares features of both networks."""
        return self.compares == "features"

    @model_validator(mode="after")
    def _check(self):
        known = [name for name in LOSSES if self.compares in LOSSES[name]]
        require(
            self.loss in known,
            self,
            "loss",
            f"{' or '.join(known)} with ~where={self.where}",
        )
        return self
