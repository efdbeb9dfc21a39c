"""The section `network` of a recipe with a network of this family."""

import dataclasses

from pydantic import model_validator

from d3d_tf.models.inception.config import Endpoint, InceptionRecipe
from d3d_tf.sections import require, section

MODEL = "s3dg_learned_flow"


@section
class LearnedFlowRecipe(InceptionRecipe):
    """Two S3D-Gs, both of the fields of `InceptionRecipe`.

    The one that sees RGB is cut off at `flow_endpoint`.
    """

    model: str = MODEL
    flow_endpoint: Endpoint = "MaxPool_3a_3x3"
    """From whose features flow is decoded; the paper's choice is 3A."""

    @property
    def streams(self) -> tuple[str, ...]:
        """It learns flow from RGB."""
        return ("frames",)

    @property
    def s3dg(self) -> InceptionRecipe:
        """Each of the two before it was cut off."""
        names = [field.name for field in dataclasses.fields(InceptionRecipe)]
        fields = {name: getattr(self, name) for name in names}
        return InceptionRecipe(**fields | {"model": "s3dg"})

    @model_validator(mode="after")
    def _check_flow(self):
        require(
            self.flow_endpoint in self.endpoints,
            self,
            "flow_endpoint",
            f"one of {', '.join(self.endpoints)}, up to ~final_endpoint",
        )
        return self


RECIPE = LearnedFlowRecipe
