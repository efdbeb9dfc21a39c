"""The answers of this family to `d3d_tf.models`."""

import pytest

from d3d_tf.hub_export.export import export_module
from d3d_tf.models import architecture, parts
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from tests.harness.export import check_export
from tests.harness.family import PIXELS, check_family, promises
from tests.harness.tiny import INCEPTION, LEARNED_FLOW


@pytest.mark.parametrize("promise", promises("replicas", "resumed"))
def test_family(promise, request):
    check_family(LEARNED_FLOW, promise, request)


@pytest.mark.large
def test_export(tmp_path):
    changes = LEARNED_FLOW.trained | PIXELS
    network = LEARNED_FLOW.network(weight_decay=0.01, **changes)
    labels = ["left", "right", "up"]
    path = export_module(network, tmp_path, labels=labels, frames=4, size=16)
    check_export(network, path, labels)


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
