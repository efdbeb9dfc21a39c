"""Maps of networks of every family, and of one whose places are known."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ExplainRecipe
from d3d_tf.explain.answer import answer_with_maps, explained
from d3d_tf.explain.asked import Asked
from d3d_tf.explain.gradcam import class_map
from d3d_tf.keras_api import keras
from d3d_tf.models.backbone import Backbone
from d3d_tf.models.network import VideoNetwork
from d3d_tf.recipes import TOY
from d3d_tf.runs.folder import Run
from tests.harness.networks import randomize
from tests.harness.tiny import CASES, RESNET_DNR

ALL = {**CASES, "dnr": RESNET_DNR}
# A golden of DNR is in test_gradcam.py.
FAST = ("d3d_tf.models.inception", "d3d_tf.models.x3d")


@pytest.mark.parametrize(
    "name",
    [
        name if name in FAST else pytest.param(name, marks=pytest.mark.large)
        for name in ALL
    ],
)
def test_maps_of_every_family(name):
    """As a tape tells them, without a graph, of the last endpoint but one.

    No max-pooling comes after it: where two places are equal, graphs and tapes
    choose different ones.
    """
    case = ALL[name]
    network = case.network(**case.trained)
    clip = tf.constant(case.clips(1))
    endpoint = network.trunk.endpoints[-2]
    with tf.GradientTape() as tape:
        tape.watch(clip)
        logits, features = network.logits_and_features(clip)
        best = int(np.argmax(logits[0]))
        score = logits[0, best]
    net = features[endpoint]
    slopes = tape.gradient(score, net)
    want = class_map("gradcampp", net[0], slopes[0], score)
    assert np.max(want) > 0
    found, maps = answer_with_maps(network, clip, endpoint, [best], "gradcampp")
    size = np.abs(logits).max()
    np.testing.assert_allclose(found, logits[0], atol=1e-5 * size)
    assert maps.shape == (1, *net.shape[1:4])
    np.testing.assert_allclose(maps[0], want, atol=1e-3 * np.max(want))


def test_recompute_changes_nothing():
    """It is for the backward pass of a training."""
    case = CASES["d3d_tf.models.inception"]
    clip = tf.constant(case.clips(1))
    found = [
        answer_with_maps(
            case.network(recompute=recompute, **case.trained),
            clip,
            "MaxPool_2a_3x3",
            [0, 1],
            "gradcampp",
        )
        for recompute in (False, True)
    ]
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.max(found[0][1]) > 0


class Colours(Backbone):
    """`seen`: means of 2 frames x 4 x 4 pixels, of red, green and blue."""

    endpoints = ("seen",)
    channels = 3

    def call(self, clip, training=None):
        return {"seen": tf.nn.avg_pool3d(clip, [2, 4, 4], [2, 4, 4], "SAME")}


class HowMuch(keras.layers.Layer):
    """The logit of a colour is its mean."""

    def call(self, net, training=None):
        return tf.reduce_mean(net, [1, 2, 3])


class OfColours(VideoNetwork):
    """How red, green and blue a clip is."""

    def __init__(self):
        super().__init__(pixel_mean=(0, 0, 0), pixel_std=(1, 1, 1))
        self.trunk, self.head = Colours(), HowMuch()


@pytest.fixture
def asked(tmp_path):
    labels = ["red", "green", "blue"]
    return Asked(Run(tmp_path), "student", TOY, "seen", labels)


def coloured_clip():
    """8 frames of 16 x 24: red above left, from frame 4 on green below right.

    Nothing is blue.
    """
    clip = np.zeros([1, 8, 16, 24, 3], np.float32)
    clip[0, :, :4, :4, 0] = 1
    clip[0, 4:, 12:, 20:, 1] = 1
    return tf.constant(clip)


@pytest.mark.parametrize("scale", ["frame", "clip"])
@pytest.mark.parametrize("method", ["gradcam", "gradcampp", "gradcampp_eps0"])
def test_the_place_that_a_class_depends_on(asked, method, scale):
    settings = ExplainRecipe(method=method, scale=scale)
    clip, names = coloured_clip(), ["green", "red", "blue"]
    found = explained(asked, OfColours(), clip, names, settings)
    assert found.grid == (4, 4, 6)
    assert found.maps.shape == (3, 8, 16, 24)
    green, red, blue = found.maps
    for frame in red:
        assert np.all(frame[:4, :4] >= 0.39)  # 0.625 squared.
        assert np.unravel_index(frame.argmax(), frame.shape) == (0, 0)
        np.testing.assert_allclose(frame[0, 0], 1, atol=1e-5)
        assert not frame[6:].any() and not frame[:, 6:].any()
    # Half-pixel centres: step 2 of time stands at 4.5, step 1 at 2.5.
    assert not green[:3].any()
    assert green[-1, -1, -1] == pytest.approx(1, abs=1e-5)
    assert not green[:, :10].any() and not green[:, :, :18].any()
    if scale == "clip":
        np.testing.assert_allclose(
            green[:, -1, -1], [0, 0, 0, 0.25, 0.75, 1, 1, 1], atol=1e-5
        )
    # No place speaks for blue: zeros, not a number over nothing.
    assert not blue.any() and np.isfinite(found.maps).all()


def test_probabilities_are_of_the_classes_in_their_order(asked):
    """Means: red 1 in 24 places, green 1 in 24 of half the frames."""
    names = ["green", "red"]
    found = explained(
        asked, OfColours(), coloured_clip(), names, ExplainRecipe()
    )
    powers = np.exp([1 / 24, 1 / 48, 0])
    np.testing.assert_allclose(
        found.probabilities, powers[[1, 0]] / powers.sum(), rtol=1e-5
    )


def test_weights_identify_a_network(asked):
    case = CASES["d3d_tf.models.inception"]
    network = case.network(**case.trained)
    clip = tf.constant(case.clips(1))
    asked = Asked(asked.run, "student", TOY, "Conv2d_2b_1x1", asked.labels)

    def digest():
        return explained(asked, network, clip, ["red"], ExplainRecipe()).weights

    first = digest()
    assert first == digest() and len(first) == 64
    randomize(network, seed=5)
    assert digest() != first
