"""Batch normalisation folded into a network's convolutions, for inference.

With its moving averages, BN(w * x) = (s w) * x + b with the scale s = gamma /
sqrt(var + epsilon) and the shift b = beta - mean s. As kernels and biases are
constants of the graph then, TensorFlow joins convolution, bias and ReLU into
one operation, and oneDNN brings kernels into its own layout once.

A family says which convolution comes before which norm: `pairs`, the names of
both in the layer that has them. Other norms become a constant scale and shift.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.depthwise import DepthwiseConv3D
from d3d_tf.models.fixed import Fixed, FixedNorm, path_of
from d3d_tf.models.network import FoldError, rebuilt

# Of the largest term of a channel. Rounding comes to some 3e-7.
LARGEST = 1e-5
_TINY = np.finfo(np.float32).tiny
_WITH_KERNEL = (keras.layers.Conv3D, keras.layers.Dense, DepthwiseConv3D)
Pairs = tuple[tuple[str, str], ...]


def fold_batch_norm(network: Any, pairs: Pairs) -> Any:
    """A copy of a built network that does the same in inference, faster.

    The copy answers to calls and `features` only and has no variables. Its
    logits differ from the network's by rounding.
    """
    folded = rebuilt(network)
    for layer in list(folded._flatten_layers()):
        for name, value in list(vars(layer).items()):
            if isinstance(value, _WITH_KERNEL):
                setattr(layer, name, Fixed(value))
    for layer, conv, norm in _pairs(folded, pairs):
        scale, shift = _scale_and_shift(getattr(layer, norm))
        fixed = getattr(layer, conv)
        # In float64: what is rounded once differs least.
        fixed.kernel = np.float32(fixed.kernel * scale)
        fixed.bias = np.float32(shift)
        setattr(layer, norm, keras.layers.Activation("linear"))
    for layer in list(folded._flatten_layers()):
        for name, value in list(vars(layer).items()):
            if isinstance(value, BatchNorm):
                fixed = FixedNorm(value, *_scale_and_shift(value))
                setattr(layer, name, fixed)
    return folded


def require_right_fold(network: Any, folded: Any, pairs: Pairs) -> None:
    """Compares each layer of a network with its folded one.

    What a norm does to 0, and its slope there, are the bias and the scale that
    the convolution must have: depth does not enlarge rounding here.

    Args:
      network: with its variables.
      folded: what `fold_batch_norm` made of it.
      pairs: as there.

    Raises:
      FoldError: one of them differs by more than 1e-5; it is named.
    """
    kinds = Fixed | FixedNorm
    there = {
        _inside(folded, x.path): x
        for x in folded.submodules
        if isinstance(x, kinds)
    }
    before = {
        _inside(network, path_of(getattr(layer, conv))): getattr(layer, norm)
        for layer, conv, norm in _pairs(network, pairs)
    }
    folded_norms = {id(norm) for norm in before.values()}
    for own in network.submodules:
        if isinstance(own, BatchNorm) and id(own) not in folded_norms:
            path = _inside(network, path_of(own))
            kernel, shift, terms = _measured(own)
        elif isinstance(own, _WITH_KERNEL):
            path = _inside(network, path_of(own))
            kernel = own.kernel.numpy()
            shift = getattr(own, "bias", None)
            shift = (
                np.zeros(kernel.shape[-1]) if shift is None else shift.numpy()
            )
            terms = np.abs(shift)
            if path in before:
                slope, shift, terms = _measured(before[path])
                kernel = kernel * slope
        else:
            continue
        _require_near(path, there[path], kernel, shift, terms)


def _inside(network, path: str) -> str:
    """A path without the network's name and what is in front of it."""
    return path.partition(f"{network.name}/")[2] or path


def _require_near(path: str, fixed, kernel, shift, terms) -> None:
    bias = np.zeros_like(shift) if fixed.bias is None else fixed.bias
    gaps = (_error(fixed.kernel - kernel, kernel), _error(bias - shift, terms))
    # NaN is no more than anything, and no less.
    if not max(gaps) <= LARGEST or any(map(np.isnan, gaps)):
        raise FoldError(
            f"{path}, folded, differs by {max(gaps):.2g} from what it "
            f"was; at most {LARGEST:g} is rounding"
        )


def _measured(norm: BatchNorm):
    """Slope and value at 0 of a norm as it computes, and the shift's terms."""
    zero = tf.zeros([1, 1, 1, 1, norm.beta.shape[0]])
    with tf.GradientTape() as tape:
        tape.watch(zero)
        shift = norm(zero, training=False)
    slope = np.float64(tape.gradient(shift, zero)).ravel()
    shift = np.float64(shift).ravel()
    # beta - mean s: if they cancel, rounding is that of either.
    return slope, shift, np.abs(shift) + np.abs(np.asarray(norm.beta))


def _scale_and_shift(norm: BatchNorm):
    gamma, beta, mean, variance = (
        np.asarray(1.0 if v is None else v, np.float64)
        for v in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    )
    scale = gamma * (variance + norm.epsilon) ** -0.5
    return scale, beta - mean * scale


def _pairs(network, pairs: Pairs):
    """`(layer, its convolution, its norm)`, the latter by their names."""
    return [
        (layer, conv, norm)
        for layer in network._flatten_layers()
        for conv, norm in pairs
        if isinstance(getattr(layer, norm, None), BatchNorm)
    ]


def _error(gap: np.ndarray, terms: np.ndarray) -> float:
    """The largest gap of a channel, of its largest term."""
    axes = tuple(range(gap.ndim - 1))
    largest = np.abs(terms).max(axes).clip(_TINY)
    return float(np.max(np.abs(gap).max(axes) / largest))
