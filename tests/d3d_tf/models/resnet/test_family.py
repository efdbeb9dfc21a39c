"""The answers of this family to `d3d_tf.models`."""

import pytest

from d3d_tf import config
from d3d_tf.models import FAMILIES, architecture, head_names, start_from
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.table import MODELS
from tests.harness.export import check_export_of
from tests.harness.family import check_family, promises
from tests.harness.tiny import RESNET, RESNET_DNR, X3D

NEW = ("layer*.lstm", "layer*.*.bn1", "layer*.*.bn2")
SLOW = ("architecture", "freezing", "replicas", "resumed", "mixed_precision")


@pytest.mark.parametrize("promise", promises(*SLOW))
def test_family(promise, request):
    check_family(RESNET, promise, request)


@pytest.mark.parametrize(
    "promise",
    promises(*(promise for promise in promises() if promise != "folded")),
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


def test_tsn_starts_tsm_and_dnr():
    """What remains must be equal: here the depth and the place of strides."""
    there = ResNetRecipe(model="tsn_r50", shift_div=4)
    for changes, new in (
        ({"model": "tsm_r50"}, ()),
        ({"normaliser": "dnr", "interlace": "before_conv1"}, NEW),
        ({"model": "tsm_r50", "normaliser": "dnr"}, NEW),
    ):
        needed, found = start_from(ResNetRecipe(**changes), there)
        assert architecture(needed) == architecture(there)
        assert found == new
    for changes in {"model": "tsn_r101"}, {"style": "caffe"}:
        needed, _ = start_from(ResNetRecipe(**changes), there)
        differing = config.differences(
            architecture(there), architecture(needed)
        )
        assert [row[0] for row in differing] == [*changes]


def test_a_network_with_dnr_starts_its_own_alone():
    dynamic = ResNetRecipe(normaliser="dnr")
    for recipe in ResNetRecipe(), ResNetRecipe(model="tsm_r50"), dynamic:
        assert start_from(recipe, dynamic) == (recipe, ())
    assert start_from(dynamic, X3D.recipe) == (dynamic, ())
