"""The answers of this family to `d3d_tf.models`."""

import pytest

from d3d_tf.models import architecture, parts
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from tests.harness.export import check_export_of
from tests.harness.family import check_family, promises
from tests.harness.tiny import INCEPTION, LEARNED_FLOW

# In the slow tier all; the parts have families of their own.
SLOW = [promise for promise in promises() if promise != "layers_up_to"]


@pytest.mark.parametrize("promise", promises(*SLOW))
def test_family(promise, request):
    check_family(LEARNED_FLOW, promise, request)


@pytest.mark.large
def test_export(tmp_path):
    check_export_of(LEARNED_FLOW, tmp_path)


def test_its_parts():
    """Both are S3D-Gs of the same fields; the paper's temporal stream has
    learned from flow.
    """
    recipe = LearnedFlowRecipe(min_depth=8, flow_endpoint="Conv2d_2c_3x3")
    temporal, predictor = parts(recipe)
    for part in temporal, predictor:
        assert part.network == InceptionRecipe(min_depth=8)
    assert temporal.name == "temporal" and temporal.head
    assert temporal.givers == ("teacher",) and temporal.probed_at is None
    assert predictor.name == "predictor" and not predictor.head
    assert predictor.givers[0] == "baseline"
    assert predictor.probed_at == "Conv2d_2c_3x3"
    assert architecture(recipe)["flow_endpoint"] == "Conv2d_2c_3x3"


def test_other_families_are_of_one_piece():
    assert parts(INCEPTION.recipe) == ()
