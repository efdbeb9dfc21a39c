"""The run times' benchmark at a tiny size; its speed is not tested."""

import numpy as np
import pytest

from benchmarks import runtimes
from benchmarks.runtimes import (
    FROZEN,
    FROZEN_CPP,
    MODULE,
    MODULE_CPP,
    PAGE,
    PRECISIONS,
    distance,
    markdown,
    measure,
)
from d3d_tf.hub_export.signature_inputs import ClipSpec

TINY = {"depth_multiplier": 1 / 64, "min_depth": 2}


def test_distance_by_hand():
    """Soft-max of (0, log 3) is (1/4, 3/4), of (0, 0) (1/2, 1/2)."""
    logits = np.float32([[0, np.log(3)]])
    found = distance(logits, np.zeros([1, 2], np.float32))
    assert found["logits"] == pytest.approx(np.log(3))
    assert found["probabilities"] == pytest.approx(1 / 4)
    assert found["same_top1"] is False
    assert distance(logits, logits)["same_top1"] is True


def test_the_table():
    row = {
        "frames": 16,
        "logits": 2e-6,
        "probabilities": 1e-7,
        "ratio": 1.5,
        "ratio_ci95": [1.25, 1.75],
    }
    text = markdown(
        {
            "processor": "P",
            "cores": 2,
            "tensorflow": "2.15.1",
            "rounds": 3,
            "classes": 5,
            "size": 32,
            "rows": [
                row | {"name": MODULE_CPP, "ms": 200.0, "same_top1": True},
                row | {"name": FROZEN_CPP, "ms": 300.0, "same_top1": False},
            ],
        }
    )
    assert f"| 16 frames | {MODULE_CPP} | 200 | 1.500 [1.250, 1.750] " in text
    assert "| 2.0e-06 | 1.0e-07 | yes |" in text
    assert f"| 16 frames | {FROZEN_CPP} | 300 | 1 |" in text
    assert "| no |" in text


def test_the_page_has_the_place_for_the_results():
    text = PAGE.read_text()
    assert text.count("<!-- runtimes -->\n") == 1
    assert text.count("<!-- /runtimes -->") == 1


@pytest.mark.large
def test_all_candidates_agree():
    """In float32; bfloat16 has eight bits, of logits up to about 8."""
    rows = measure(8, size=32, classes=3, rounds=1, **TINY)
    found = {row["name"]: row for row in rows}
    assert {MODULE, FROZEN, MODULE_CPP, FROZEN_CPP} <= found.keys()
    for name, row in found.items():
        half = name == PRECISIONS["bf16"]
        assert row["logits"] < (1.0 if half else 1e-4), name
        assert row["ms"] > 0


@pytest.mark.large
def test_openvino_reads_the_module(tmp_path):
    """Where it is at hand: other batches and lengths, none at all, another
    size; and clips that are too short, which it does not refuse.
    """
    rng = np.random.default_rng(0)
    unit = rng.random([2, 9, 32, 32, 3], np.float32)
    network = runtimes.make_s3dg(3, unit, **TINY)
    clip = ClipSpec(8, 32, 32, 8)
    module = runtimes.write_module(network, clip, tmp_path)
    cases = runtimes.in_openvino(module, unit)
    if not cases:
        pytest.skip("OpenVINO is not installed; see `make bench`.")
    expected = network(unit * 2 - 1, training=False)
    _, logits = cases[PRECISIONS["f32"]]()
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    for shape in ([0, 8, 32, 32, 3], [1, 3, 32, 32, 3]):
        call = runtimes.in_openvino(module, np.ones(shape, np.float32))
        assert call[PRECISIONS["f32"]]()[1].shape == (shape[0], 3)
    wrong = runtimes.in_openvino(module, np.ones([1, 8, 30, 32, 3], np.float32))
    with pytest.raises(RuntimeError, match="shape"):
        wrong[PRECISIONS["f32"]]()
