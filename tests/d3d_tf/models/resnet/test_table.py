"""The rules against the papers' tables."""

import pytest

from d3d_tf.models.resnet.table import MODELS, Layout, planes


@pytest.mark.parametrize(
    "depth, blocks, convolutions",
    [("r18", 2, 2), ("r34", 3, 2), ("r50", 3, 3), ("r101", 3, 3)],
)
def test_layers_with_weights(depth, blocks, convolutions):
    """They are the name: 18 = 1 + 8 * 2 + 1, and so on."""
    layout = MODELS[f"tsn_{depth}"]
    assert layout.blocks[0] == blocks
    layers = 1 + sum(layout.blocks) * convolutions + 1
    assert f"r{layers}" == depth
    assert layout.expansion == (4 if convolutions == 3 else 1)


def test_tsm_is_shifted():
    assert MODELS["tsm_r50"] == Layout(True, True, (3, 4, 6, 3))
    assert not MODELS["tsn_r50"].shifted


def test_widths():
    """64 / 16 = 4 is 8, and 512 * 0.13 = 66.6 is 64."""
    assert planes(1.0) == (64, 128, 256, 512)
    assert planes(1 / 16) == (8, 8, 16, 32)
    assert planes(0.13)[3] == 64


@pytest.mark.parametrize(
    "model, every", [("tsm_r34", 1), ("tsm_r50", 1), ("tsm_r101", 2)]
)
def test_tsm_shifts_half_of_the_blocks_of_resnet_101(model, every):
    """`n_round` in Lin et al.'s temporal_shift.py and in MMAction2."""
    assert MODELS[model].shift_every == every
