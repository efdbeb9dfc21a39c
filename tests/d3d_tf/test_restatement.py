"""The restatement is the original: names, shapes, sizes, float64 numbers."""

import json

import numpy as np
import pytest

from tests.d3d_tf.golden_networks import (
    fingerprint,
    golden_clip,
    golden_value,
)
from tests.d3d_tf.restatement import Restatement, shapes

I3D = {"separable": False, "first": 7, "gates_from": None}
BY_NAME = {
    "slim_s3dg_k400": {},
    "slim_s3dg_k600": {"classes": 600},
    "slim_i3d_k400": I3D,
    "slim_s3dg_k400_first7": {"first": 7},
    "slim_s3dg_k400_nogate": {"gates_from": None},
    "slim_s3dg_k400_from4b": {
        "temporal_from": "Mixed_4b",
        "gates_from": "Mixed_4b",
    },
    "slim_s3dg_k400_quarter": {"multiplier": 0.25},
    "deepmind_i3d_flow": I3D | {"channels": 2},
}


@pytest.mark.parametrize("name", ["slim_s3dg_k400", "slim_i3d_k400"])
def test_names_and_shapes_are_the_original(goldens, name):
    path = goldens / "networks" / f"{name}.vars.json"
    original = {n: tuple(s) for n, s in json.loads(path.read_text())}
    assert shapes(**BY_NAME[name]) == original


@pytest.mark.parametrize("name", BY_NAME)
def test_sizes_of_the_options_are_the_original(goldens, name):
    original = json.loads((goldens / "networks" / "params.json").read_text())
    found = shapes(**BY_NAME[name])
    sizes = {n: int(np.prod(shape)) for n, shape in found.items()}
    moving = sum(v for n, v in sizes.items() if "/moving_" in n)
    assert len(sizes) == original[name]["variables"]
    assert sum(sizes.values()) == original[name]["total"]
    assert sum(sizes.values()) - moving == original[name]["trainable"]


@pytest.mark.parametrize("name", ["slim_s3dg_k400", "slim_i3d_k400"])
def test_numbers_are_the_original(goldens, name):
    """Both in float64: 1e-10, far below any float32 error."""
    origin = json.loads((goldens / "networks" / "goldens.json").read_text())
    case = origin["cases"][f"{name}/2x8x64"]
    values = {n: golden_value(n, s) for n, s in shapes(**BY_NAME[name]).items()}
    assert fingerprint(values) == case["weights_sha256"]
    network = Restatement(values)
    clip = golden_clip(case["input"]["seed"], case["input"]["shape"])
    logits = network.logits(clip)
    golden = np.load(goldens / "networks" / case["npy"]["float64"])
    assert np.linalg.norm(logits - golden) < 1e-10 * np.linalg.norm(golden)
    for endpoint, net in network.endpoints.items():
        assert np.linalg.norm(net) == pytest.approx(
            case["endpoints"][endpoint]["l2_64"], rel=1e-10
        )


@pytest.mark.large
def test_training_is_the_original(goldens):
    """The graph's moving averages are float32: 1e-6."""
    origin = json.loads((goldens / "networks" / "goldens.json").read_text())
    case = origin["cases"]["slim_s3dg_k400/train_2x16x112"]
    values = {n: golden_value(n, s) for n, s in shapes().items()}
    network = Restatement(values, training=True)
    clip = golden_clip(case["input"]["seed"], case["input"]["shape"])
    logits = network.logits(clip)
    golden = np.load(goldens / "networks" / case["npy"]["float64"])
    assert np.linalg.norm(logits - golden) < 1e-10 * np.linalg.norm(golden)
    for name, update in case["after_one_update"].items():
        np.testing.assert_allclose(
            network.updates[name][:5], update["first5"], atol=1e-6, rtol=0
        )
