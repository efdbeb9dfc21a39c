"""The answers of this family to `d3d_tf.models`."""

import pytest

from d3d_tf.models import FAMILIES, head_names
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.table import MODELS
from tests.harness.export import check_export_of
from tests.harness.family import check_family, promises
from tests.harness.tiny import RESNET, RESNET_DNR

SLOW = ("architecture", "freezing", "replicas", "resumed", "mixed_precision")


@pytest.mark.parametrize("promise", promises(*SLOW))
def test_family(promise, request):
    check_family(RESNET, promise, request)


@pytest.mark.parametrize(
    "promise",
    promises(*SLOW, "clips_alone", "endpoints_and_shapes", "config", "saved"),
)
def test_family_with_dnr(promise, request):
    check_family(RESNET_DNR, promise, request)


@pytest.mark.large
@pytest.mark.parametrize("case", [RESNET, RESNET_DNR], ids=["plain", "dnr"])
def test_export(case, tmp_path):
    check_export_of(case, tmp_path)


def test_all_eight_are_of_one_family():
    family = "d3d_tf.models.resnet"
    assert [m for m, f in FAMILIES.items() if f == family] == [*MODELS]
    assert head_names(ResNetRecipe()) == ("fc_cls.weight", "fc_cls.bias")
