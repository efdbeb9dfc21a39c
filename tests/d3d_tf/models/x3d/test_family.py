"""The answers of this family to `d3d_tf.models`."""

from functools import partial

import pytest

from d3d_tf.models import FAMILIES, architecture, head_names
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import MODELS
from tests.harness.export import check_export_of
from tests.harness.family import check_family, promises
from tests.harness.step import check_resume
from tests.harness.tiny import X3D


@pytest.mark.parametrize(
    "promise", promises("architecture", "freezing", "replicas", "resumed")
)
def test_family(promise, request):
    check_family(X3D, promise, request)


@pytest.mark.large
def test_export(tmp_path):
    check_export_of(X3D, tmp_path)


@pytest.mark.large
def test_resumed_with_drop_connect(tmp_path):
    """To the bit: whose branch is dropped is a function of the step."""
    rates = {"dropout": 0.5, "drop_connect": 0.5}
    trainer = partial(X3D.trainer, **rates)
    check_resume(trainer, X3D.batches(4, 2), tmp_path / "state")


def test_all_five_are_of_one_family():
    family = "d3d_tf.models.x3d"
    assert [m for m, f in FAMILIES.items() if f == family] == [*MODELS]
    assert head_names(X3DRecipe())[1:] == (
        "head/projection/weight",
        "head/projection/bias",
    )


def test_the_small_ones_swap_weights():
    """They differ in their clips, and all of the head's window is that."""
    small = [architecture(X3DRecipe(model=m)) for m in MODELS]
    assert small[0] == small[1] == small[2] != small[3] != small[4]
    same = X3DRecipe(model="x3d_l", depth_factor=2.2, head_size=160)
    assert architecture(same) == small[0]
