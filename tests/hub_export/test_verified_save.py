"""What is saved gives what its network gives, or is not published."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.hub_export import draft
from d3d_tf.hub_export.cut_network import cut
from d3d_tf.hub_export.saved_module import make_module
from d3d_tf.models.inception import networks
from d3d_tf.models.inception.folding import fold_batch_norm
from tests.harness import enlarge_rounding, randomize, shallow_network
from tests.hub_export.practice import export, made


def save_instead(patch, other):
    """Another network is saved than the one that was asked for."""
    part = cut(other, "classification")
    patch.setattr(
        draft,
        "make_module",
        lambda network, _, clip, **options: make_module(
            other, part, clip, **options
        ),
    )


def test_a_module_that_differs_is_not_published(tmp_path, monkeypatch):
    """A module of another network stands for any fault in saving."""
    save_instead(monkeypatch, made(seed=5))
    with pytest.raises(UserError, match="differs from the network by"):
        export(made(), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.large
def test_where_folding_differs_too_much_there_is_none(tmp_path, monkeypatch):
    """A module of another network stands for a fold that is far off."""
    network, other = shallow_network(), shallow_network()
    randomize(network)
    randomize(other, seed=5)
    part = cut(other, "classification")

    def far_off(network, right, clip, *, fold):
        if fold:
            return make_module(other, part, clip)
        return make_module(network, right, clip, fold=False)

    monkeypatch.setattr(draft, "make_module", far_off)
    path = export(network, tmp_path)
    description = json.loads((path / "module.json").read_text())
    assert description["folded"] is False
    assert max(description["max_difference"].values()) <= 1e-5
    frames = np.random.default_rng(0).random([2, 3, 8, 8, 3], np.float32)
    served = tf.saved_model.load(str(path)).signatures["serving_default"]
    np.testing.assert_allclose(
        served(frames=tf.constant(frames))["logits"],
        network(frames * 2 - 1),
        atol=1e-5,
    )


def plain():
    network = shallow_network()
    randomize(network)
    return network


def enlarging():
    """The last bit of 1000 is left of what was the last bit of 1."""
    network = plain()
    enlarge_rounding(network, 1000)
    return network


@pytest.mark.large
def test_networks_that_enlarge_rounding(tmp_path, monkeypatch):
    """Numbers of 1000 are rounded by up to 3e-5: more than 1e-5 is allowed,
    and what is really another network is refused.
    """
    path = export(enlarging(), tmp_path / "a")
    told = json.loads((path / "module.json").read_text())
    assert told["folded"] is True and told["unfolded_because"] is None
    assert 1e-6 < told["sensitivity"] < 1e-3
    assert told["bound"] == pytest.approx(10 * told["sensitivity"])
    assert max(told["max_difference"].values()) <= told["bound"]
    card = (path / "README.md").read_text()
    assert f"Up to {told['bound']:.1e} was allowed" in card
    assert f"by {told['sensitivity']:.1e}; as much" in card
    other = enlarging()
    other.head.logits.bias.assign(other.head.logits.bias + 0.02)
    save_instead(monkeypatch, other)
    with pytest.raises(UserError, match="which rounding may make of this"):
        export(enlarging(), tmp_path / "b")
    assert not list((tmp_path / "b").iterdir())


@pytest.mark.parametrize(
    "make", [pytest.param(plain, marks=pytest.mark.large), enlarging]
)
def test_a_subtly_wrong_fold_is_not_served(tmp_path, monkeypatch, make):
    """Epsilon 1e-5 instead of 1e-3 in one unit's variance of about 1."""
    network = make()

    def wrong(network):
        folded = fold_batch_norm(network)
        unit = folded.trunk.units[2]
        variance = network.trunk.units[2].batch_norm.moving_variance.numpy()
        ratio = np.sqrt((variance + 1e-3) / (variance + 1e-5))
        unit.conv.kernel = np.float32(unit.conv.kernel * ratio)
        return folded

    monkeypatch.setattr(networks, "fold_batch_norm", wrong)
    path = export(network, tmp_path)
    told = json.loads((path / "module.json").read_text())
    assert told["folded"] is False
    wrong_one = "InceptionV1/Conv2d_2b_1x1/conv, folded"
    assert told["unfolded_because"].startswith(wrong_one)
    frames = np.random.default_rng(0).random([2, 3, 8, 8, 3], np.float32)
    served = tf.saved_model.load(str(path)).signatures["serving_default"]
    np.testing.assert_allclose(
        served(frames=tf.constant(frames))["logits"],
        network(frames * 2 - 1),
        rtol=told["bound"],
        atol=told["bound"],
    )


def test_large_logits_are_compared_by_their_size(tmp_path, monkeypatch):
    """Off by 0.002, where the largest logit is some thousands: below 1e-5."""

    def large(offset=0.0):
        network = made()
        *others, kernel, bias = network.get_weights()
        network.set_weights([*others, 0 * kernel, 0 * bias + 4096 + offset])
        return network

    def publish(offset, folder):
        save_instead(monkeypatch, large(offset))
        return export(large(), folder)

    assert publish(2**-9, tmp_path / "a").name == "1"
    with pytest.raises(UserError, match="differs from the network by 3.1e-05"):
        publish(2**-3, tmp_path / "b")  # 0.125 / 4096


def test_logits_that_are_no_numbers_are_not_published(tmp_path):
    network = made()
    network.set_weights([w * np.nan for w in network.get_weights()])
    with pytest.raises(UserError, match="random clip are not finite"):
        export(network, tmp_path)
    assert not list(tmp_path.iterdir())
