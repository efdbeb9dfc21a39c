"""Maps are the originals' (shared/goldens/dnr, README section 5), and by hand.

The goldens have weights, alphas and maps of float64 networks; activations and
gradients come from restatement.py, which equals those networks.
"""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.explain import METHODS
from d3d_tf.explain.answer import answer_with_maps
from d3d_tf.explain.gradcam import (
    alphas,
    channel_weights,
    class_map,
    enlarged,
    picture_map,
    scaled_by_frame,
)
from d3d_tf.models import make_network
from d3d_tf.models.resnet.config import ResNetRecipe
from tests.d3d_tf.models.resnet.golden_resnet import (
    Named,
    fingerprint,
    golden_clip,
    golden_values,
    put,
    torch_names,
)
from tests.d3d_tf.models.resnet.restatement import Restatement

EXACT = 1e-10
# 28 M weights and a pass in float64 each.
NAMES = [
    pytest.param(name, marks=pytest.mark.large)
    for name in ("dnr/1x4x64x96/g2", "tsn/1x4x128")
]


class Golden:
    """One network of the goldens, in float64."""

    def __init__(self, folder, name):
        cases = json.loads((folder / "gradcam.json").read_text())["cases"]
        self.case = cases[name]
        self.arrays = np.load(folder / "gradcam.npz")
        self.start = name.replace("/", "__")
        self.recipe, file = ResNetRecipe(dropout=0.0), "vars_tsn_r50.json"
        if self.case["groups"]:
            dnr = {"normaliser": "dnr", "frames_per_group": 2}
            self.recipe = dataclasses.replace(self.recipe, **dnr)
            file = "vars_tsn_r50_dnr.json"
        variables = json.loads((folder / file).read_text())
        self.values = golden_values(
            {name: Named(None, kind, shape) for name, shape, kind in variables},
            self.case["weights_seed"],
        )
        assert fingerprint(self.values) == self.case["weights_sha256"]
        self.clip = golden_clip(self.case["clip_seed"], self.case["clip_shape"])
        restated = Restatement(self.values, self.recipe)
        with tf.GradientTape(persistent=True) as tape:
            clip = tf.constant(self.clip, tf.float64)
            tape.watch(clip)
            scores = tf.gather(restated.logits(clip)[0], self.case["classes"])
            scores = dict(
                zip(self.case["classes"], tf.unstack(scores), strict=True)
            )
        # By layer and class: activations and gradients [T, h, w, C], the logit.
        self.found = {
            (layer, class_): (net[0], tape.gradient(score, net)[0], score)
            for layer in self.case["layers"]
            for class_, score in scores.items()
            for net in [restated.endpoints[layer]]
        }

    def told(self, layer, class_, what):
        return self.arrays[f"{self.start}__{layer}__class{class_}__{what}"]


@pytest.fixture(scope="module", params=NAMES)
def golden(goldens, request):
    return Golden(goldens / "dnr", request.param)


def test_weights_and_maps_are_the_originals(golden):
    for (layer, class_), known in golden.found.items():
        features, slopes, score = known
        place = golden.case["classes"].index(class_)
        told = golden.case["scores"][place]
        assert score.numpy() == pytest.approx(told, rel=EXACT)
        for method in METHODS:
            close = {"rtol": EXACT, "err_msg": f"{layer} {class_} {method}"}
            weights = channel_weights(method, features, slopes, score)
            told = golden.told(layer, class_, f"{method}__weights")
            size = np.abs(told).max()
            np.testing.assert_allclose(
                np.squeeze(weights), told, atol=EXACT * size, **close
            )
            maps = class_map(method, features, slopes, score)
            told = golden.told(layer, class_, f"{method}__map")
            size = told.max()
            np.testing.assert_allclose(maps, told, atol=EXACT * size, **close)


def test_alphas_and_scaled_maps_are_the_originals(golden):
    for (layer, class_), known in golden.found.items():
        features, slopes, score = known
        for method, epsilon in (("gradcampp", 1e-6), ("gradcampp_eps0", 0.0)):
            found = alphas(features, slopes, epsilon=epsilon)
            told = f"{method}__alpha_frame0_first8"
            told = golden.told(layer, class_, told)
            # They are about 1/2 in size.
            np.testing.assert_allclose(
                found[0, ..., :8], told, rtol=EXACT, atol=EXACT / 2
            )
        for method in ("gradcam", "gradcampp"):
            maps = class_map(method, features, slopes, score)
            told = golden.told(layer, class_, f"{method}__map_scaled")
            np.testing.assert_allclose(
                scaled_by_frame(maps), told, rtol=EXACT, atol=EXACT
            )


# Of the README: float32 differs here by 1e-4; in the originals it is float32.
ENLARGED = 1e-4


def check_enlarged(found, told: dict, tolerance=ENLARGED):
    """Means of frames, and every eighth column of a row of the first."""
    assert [*found.shape] == told["shape"][-3:]
    row = found[0, found.shape[1] // 2, ::8]
    np.testing.assert_allclose(row, told["row"], atol=tolerance)
    means = tf.reduce_mean(found, [1, 2])
    np.testing.assert_allclose(means, told["mean"], atol=tolerance)


# Scale, method: the name of the golden.
PICTURES = {
    ("frame", "gradcam"): "gradcam_library_output",
    ("frame", "gradcampp"): "gradcampp_library_output",
    ("clip", "gradcam"): "mmaction2_gradcam",
}


def test_pictures_are_the_libraries(golden):
    size = golden.clip.shape[1:4]
    for (layer, class_), known in golden.found.items():
        told = golden.case["layers"][layer][f"class{class_}"]
        features, slopes, score = known
        for (scale, method), name in PICTURES.items():
            maps = class_map(method, features, slopes, score)
            check_enlarged(picture_map(maps, scale, *size), told[name])


# Relative, by the README: at layer3 single ReLUs flip in float32.
FLOAT32 = {"layer4": 2e-4, "layer3": 5e-3}


def test_networks_of_float32_have_the_maps(golden):
    method, classes = "gradcampp", golden.case["classes"]
    network = make_network(golden.recipe, 400, "frames")
    put(torch_names(network), golden.values)
    for layer in golden.case["layers"]:
        logits, found = answer_with_maps(
            network, golden.clip, layer, classes, method
        )
        scores = tf.gather(logits, classes)
        np.testing.assert_allclose(scores, golden.case["scores"], rtol=2e-5)
        for maps, class_ in zip(found, classes, strict=True):
            told = golden.told(layer, class_, f"{method}__map")
            off = np.linalg.norm(maps - told) / np.linalg.norm(told)
            assert off < FLOAT32[layer]


def test_weights_by_hand():
    """One channel, a step of two places: A = 1, 3 and g = 1, -2.

    Grad-CAM: (1 - 2) / 2. Grad-CAM++: the sum of A is 4, so alpha is
    1 / (2 + 4) and 4 / (8 - 32), of which relu(g) leaves the first.
    """
    features = tf.constant([1.0, 3.0], tf.float64)[None, None, :, None]
    slopes = tf.constant([1.0, -2.0], tf.float64)[None, None, :, None]
    found = alphas(features, slopes, epsilon=0.0)
    np.testing.assert_allclose(np.ravel(found), [1 / 6, -1 / 6])
    by_method = {"gradcam": -0.5, "gradcampp_eps0": 1 / 6}
    for method, weight in by_method.items():
        known = method, features, slopes, tf.constant(0.0, tf.float64)
        found = np.ravel(channel_weights(*known))
        assert found.tolist() == pytest.approx([weight])
        want = np.maximum(weight * np.array([1, 3]), 0)
        np.testing.assert_allclose(np.ravel(class_map(*known)), want)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", ["frame", "clip"])
def test_where_nothing_speaks_there_are_zeros(method, scale):
    nothing = tf.zeros([2, 3, 3, 4])
    for features, slopes in (
        (nothing, nothing),
        (nothing + 1, nothing),
        (nothing + 1, nothing - 1),
    ):
        score = tf.constant(0.0)
        maps = class_map(method, features, slopes, score)
        found = picture_map(maps, scale, 5, 7, 8)
        assert found.shape == (5, 7, 8) and not np.any(found)


def test_enlarging_is_linear_in_space_and_time():
    """Half-pixel centres: of two steps the four frames have 1, 3/4, 1/4, 0."""
    maps = tf.constant([1.0, 0.0])[:, None, None] * tf.ones([2, 1, 2])
    found = enlarged(maps, 4, 3, 5)
    assert found.shape == (4, 3, 5)
    np.testing.assert_allclose(found[:, 1, 2], [1, 0.75, 0.25, 0])
    corner = tf.constant([[[1.0, 0.0]]])
    np.testing.assert_allclose(
        enlarged(corner, 3, 1, 4)[:, 0], [[1, 0.75, 0.25, 0]] * 3
    )
