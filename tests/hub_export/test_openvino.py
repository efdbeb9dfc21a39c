"""Modules in OpenVINO, another implementation of TensorFlow's operations."""

import numpy as np
import pytest

from d3d_tf.hub_export.export import export_module
from d3d_tf.pixels import Pixels
from tests.harness.pytorch import import_built
from tests.harness.tiny import INCEPTION, X3D


@pytest.fixture(scope="module")
def openvino():
    return import_built("openvino", "openvino")


@pytest.mark.large
@pytest.mark.parametrize("case", [INCEPTION, X3D])
def test_any_batch_and_length(openvino, case, tmp_path):
    network = case.network(weight_decay=0.01)
    path = export_module(
        network, tmp_path, labels=["left", "right", "up"], frames=4, size=32
    )
    core = openvino.Core()
    run = core.compile_model(
        core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    pixels = getattr(network, "pixels", Pixels())
    for shape in (1, 4, 32, 32, 3), (3, 5, 32, 32, 3):
        unit = np.random.default_rng(0).random(shape, np.float32)
        expected = network(pixels.from_unit(unit)).numpy()
        found = run({"frames": unit})["logits"]
        np.testing.assert_allclose(found, expected, atol=2e-5)
