"""What `d3d_tf.models` asks of this family."""

from d3d_tf.models.inception.architecture import (
    HEAD_NAMES,
    TRAINING,
    architecture,
)
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.models.learned_flow.network import build
from d3d_tf.models.part import Part
from d3d_tf.roles import BASELINE, INITIAL, STUDENT, TEACHER

__all__ = ["HEAD_NAMES", "TRAINING", "architecture", "build", "parts"]


def parts(recipe: LearnedFlowRecipe) -> tuple[Part, ...]:
    """D3D, section 5.6: a temporal stream that was trained on flow, and the
    flow prediction of section 3.1, which is an S3D-G fine-tuned for flow.
    """
    return (
        Part("temporal", recipe.s3dg, (TEACHER,), head=True),
        Part(
            "predictor",
            recipe.s3dg,
            (BASELINE, STUDENT, INITIAL),
            probed_at=recipe.flow_endpoint,
        ),
    )
