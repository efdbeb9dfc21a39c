"""A folded X3D computes the same, and one that does not is found."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.fixed import Fixed
from d3d_tf.models.network import FoldError
from d3d_tf.models.x3d.folding import fold_batch_norm, require_right_fold
from tests.harness.tiny import X3D

OPTIONS = [
    {},
    {"channelwise": False},
    {"squeeze_excite": False, "shortcut": "pytorchvideo", "swish": False},
]


@pytest.mark.parametrize("changes", OPTIONS, ids=str)
def test_nothing_is_left_of_the_norms(changes):
    """Every variable is a number of the graph, and all answers are the same."""
    network = X3D.network(**changes)
    folded = fold_batch_norm(network)
    require_right_fold(network, folded)
    assert folded.variables == []
    for size in X3D.sizes:
        clips = X3D.clips(2, size)
        features = folded.features(clips)
        for name, value in network.features(clips).items():
            np.testing.assert_allclose(
                features[name], value, rtol=1e-4, atol=1e-5
            )
        np.testing.assert_allclose(
            folded(clips), network(clips), rtol=1e-4, atol=1e-5
        )


def test_one_channel_by_hand():
    """gamma 3, variance 4 - 1e-5, mean 5, beta 7: 1.5 w and 7 - 7.5."""
    network = X3D.network(depth_factor=0.2)
    norm = network.trunk.units[1].blocks[0].b_bn
    for variable, value in zip(
        norm.weights, (3.0, 7.0, 5.0, 4 - 1e-5), strict=True
    ):
        variable.assign(tf.fill(variable.shape, value))
    block = network.trunk.units[1].blocks[0]
    fixed = fold_batch_norm(network).trunk.units[1].blocks[0].b
    assert isinstance(fixed, Fixed)
    np.testing.assert_allclose(fixed.kernel, 1.5 * block.b.kernel, rtol=1e-6)
    np.testing.assert_allclose(fixed.bias, np.full(6, -0.5), rtol=1e-5)


@pytest.mark.parametrize(
    "place, part",
    [("b", "kernel"), ("b", "bias"), ("branch1", "kernel"), ("c", "bias")],
)
def test_a_fault_of_one_channel_is_found(place, part):
    network = X3D.network()
    folded = fold_batch_norm(network)
    fixed = getattr(folded.trunk.units[2].blocks[0], place)
    getattr(fixed, part)[..., 1] += 1e-3
    with pytest.raises(FoldError, match=f"res3/block0/{place}, folded"):
        require_right_fold(network, folded)
    getattr(fixed, part)[..., 1] = np.nan
    with pytest.raises(FoldError, match=f"res3/block0/{place}, folded"):
        require_right_fold(network, folded)


def test_what_is_only_copied_is_compared_too():
    network = X3D.network()
    for layer in "head.projection", "head.lin_5":
        folded = fold_batch_norm(network)
        getattr(folded.head, layer.partition(".")[2]).kernel[..., 0] *= 1.001
        with pytest.raises(FoldError, match=layer.replace(".", "/")):
            require_right_fold(network, folded)


def test_input_is_scaled_in_the_first_kernel():
    """2, 3, 4 times red, green, blue."""
    network, clips = X3D.network(), X3D.clips()
    folded = fold_batch_norm(network)
    assert folded.scale_input((2.0, 3.0, 4.0))
    expected = network(clips * np.float32([2, 3, 4]))
    np.testing.assert_allclose(folded(clips), expected, rtol=1e-4, atol=1e-5)


def test_channels_of_flow():
    network = X3D.network()
    assert fold_batch_norm(network).trunk.channels == 3
