"""The speed benchmark's own arithmetic; its numbers are not tested."""

import numpy as np
import pytest

from benchmarks.speed import COMPILED, OURS, PAGE, markdown, milliseconds


def test_shares_and_ratios_by_hand():
    """6 G multiply-adds in 0.1 s of 120 G/s: 50 %; in 0.2 s: 25 %, 2 times.

    A training step is three passes: 18 G in 0.6 s are 25 %.
    """
    text = markdown(
        {
            "processor": "P",
            "instructions": "AVX2",
            "cores": 2,
            "multiply_adds_per_second": 120e9,
            "rows": [
                {
                    "frames": 16,
                    "task": "inference",
                    "multiply_adds": 6e9,
                    "ms": {OURS: 100.0, COMPILED: 200.0},
                },
                {
                    "frames": 16,
                    "task": "training step",
                    "multiply_adds": 6e9,
                    "ms": {OURS: 600.0},
                },
            ],
        }
    )
    assert "| 16 frames, inference | d3d_tf | 100 | 1.00 | 50 % |" in text
    assert f"| 16 frames, inference | {COMPILED} | 200 | 2.00 | 25 % |" in text
    assert "| 16 frames, training step | d3d_tf | 600 | 1.00 | 25 % |" in text
    assert "120 G multiply-adds" in text


def test_candidates_take_turns():
    """Two calls each before the clock, then one after the other."""
    calls = []
    cases = {name: lambda name=name: calls.append(name) for name in "ab"}
    found = milliseconds(cases, 3)
    assert "".join(calls) == "aabb" + "ab" * 3
    assert list(found) == ["a", "b"]
    assert all(spent >= 0 for spent in found.values())


@pytest.mark.parametrize("name", ["speed", "speed x3d", "speed resnet"])
def test_the_page_has_the_place_for_the_results(name):
    text = PAGE.read_text()
    assert text.count(f"<!-- {name} -->\n") == 1
    assert text.count(f"<!-- /{name} -->") == 1


def test_the_restatement_has_the_parameters_of_the_released_network():
    """facts.md, section 9, where PyTorch is at hand."""
    torch = pytest.importorskip("torch")
    from benchmarks.torch_s3dg import S3DG

    network = S3DG().eval()
    trained = [p for p in network.parameters() if p.requires_grad]
    assert sum(p.numel() for p in trained) == 9_518_848
    clip = np.zeros([1, 3, 4, 32, 32], np.float32)
    assert network(torch.tensor(clip)).shape == (1, 400)
