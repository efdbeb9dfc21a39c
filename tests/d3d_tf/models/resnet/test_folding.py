"""Folded ResNets; what may go wrong is in `models/test_folding.py`."""

import dataclasses

import numpy as np
import pytest

from d3d_tf.models.fixed import FixedNorm
from d3d_tf.models.folding import require_right_fold
from d3d_tf.models.network import FoldError
from d3d_tf.models.resnet.folding import PAIRS
from tests.harness.tiny import RESNET, RESNET_DNR


@pytest.mark.parametrize(
    "case, changes, left",
    [
        (RESNET, {}, 0),
        # Two norms in each of 8 blocks.
        (RESNET_DNR, {"interlace": "after_conv1"}, 16),
        (RESNET_DNR, {"model": "tsm_r18", "statistics": "group"}, 0),
    ],
    ids=["tsm", "dnr", "group"],
)
def test_nothing_is_left_to_train(case, changes, left):
    recipe = dataclasses.replace(case.recipe, **changes)
    network = dataclasses.replace(case, recipe=recipe).network()
    folded = network.folded(verified=True)
    assert folded.variables == []
    alone = [x for x in folded.submodules if isinstance(x, FixedNorm)]
    assert len(alone) == left
    clips = case.clips(2, (5, 40, 33))
    np.testing.assert_allclose(
        folded(clips), network(clips), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("place", ["bn2.norm", "bn2.lstm.u_in", "conv1"])
def test_a_fault_is_found(place):
    network = RESNET_DNR.network()
    folded = network.folded()
    layer = folded.trunk.units[2].blocks[1]
    for name in place.split("."):
        layer = getattr(layer, name)
    layer.kernel[..., 1] += 1e-3
    path = f"layer1/block1/{place.replace('.', '/')}, folded"
    with pytest.raises(FoldError, match=path):
        require_right_fold(network, folded, PAIRS)


def test_input_is_scaled_in_the_first_kernel():
    """2, 3, 4 times red, green, blue."""
    network, clips = RESNET.network(), RESNET.clips()
    folded = network.folded()
    assert folded.scale_input((2.0, 3.0, 4.0))
    expected = network(clips * np.float32([2, 3, 4]))
    np.testing.assert_allclose(folded(clips), expected, rtol=1e-4, atol=1e-5)
