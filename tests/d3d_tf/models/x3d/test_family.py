"""The answers of this family to `d3d_tf.models`."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models import FAMILIES, architecture, head_names, make_network
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import MODELS
from d3d_tf.training.checkpoints import restore, save_finished
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
    assert head_names(X3DRecipe()) == (
        "head.projection.weight",
        "head.projection.bias",
    )


def test_the_small_ones_swap_weights():
    """They differ in their clips, and all of the head's window is that."""
    small = [architecture(X3DRecipe(model=m)) for m in MODELS]
    assert small[0] == small[1] == small[2] != small[3] != small[4]
    same = X3DRecipe(model="x3d_l", depth_factor=2.2, head_size=160)
    assert architecture(same) == small[0]


def test_other_classes_keep_all_but_the_classifier(tmp_path):
    """SlowFast's way to fine-tune: lin_5, of the head, is kept."""
    old = X3D.network()
    new = make_network(X3D.recipe, 7, "frames")
    save_finished(old, tmp_path, {"told": True})
    before = new.head.projection.kernel.numpy()
    restore(tf.train.Checkpoint(**new.without_classifier()), tmp_path)
    np.testing.assert_array_equal(new.head.lin_5.kernel, old.head.lin_5.kernel)
    kernels = [n.trunk.units[-1].conv.kernel for n in (old, new)]
    np.testing.assert_array_equal(*kernels)
    np.testing.assert_array_equal(new.head.projection.kernel, before)
