"""A network trained in half precision leaves it when it is exported."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.hub_export.export import export_module
from d3d_tf.hub_export.precision import full_precision
from d3d_tf.keras_api import keras
from tests.harness import randomize, shallow_network

CLIPS = np.random.default_rng(0).random([2, 3, 8, 8, 3], np.float32)


def test_others_stay_as_they_are():
    network, other = shallow_network(), keras.Sequential()
    for given in (network, other):
        with full_precision(given) as found:
            assert found is given


def test_the_policy_comes_back(precision):
    precision("mixed_bfloat16")
    with pytest.raises(KeyError), full_precision(shallow_network()):
        assert keras.mixed_precision.global_policy().name == "float32"
        raise KeyError
    assert keras.mixed_precision.global_policy().name == "mixed_bfloat16"


@pytest.mark.parametrize(
    "policy",
    [
        "mixed_bfloat16",
        pytest.param("mixed_float16", marks=pytest.mark.large),
    ],
)
def test_a_module_has_the_weights_and_not_the_rounding(
    tmp_path, precision, policy
):
    """As the same weights in a network that never was in half precision."""
    precision("float32")
    plain = shallow_network()
    randomize(plain)
    precision(policy)
    mixed = shallow_network()
    mixed.set_weights(plain.get_weights())
    path = export_module(
        mixed, tmp_path / "export", labels=["a", "b", "c"], frames=3, size=8
    )
    assert json.loads((path / "module.json").read_text())["folded"] is True
    precision("float32")
    module = tf.saved_model.load(str(path))
    expected = plain(CLIPS * 2 - 1)
    for found in (
        module(CLIPS, training=False),
        module.signatures["serving_default"](tf.constant(CLIPS))["logits"],
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)
