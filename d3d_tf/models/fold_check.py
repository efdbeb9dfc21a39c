"""Whether a folded network computes what it was folded from, unit by unit.

Each folded convolution is given what its own convolution and normalisation are
given. Depth does not enlarge rounding then, so that a fault of one channel
shows even in networks whose logits say nothing.
"""

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.blocks import ConvUnit, SelfGating
from d3d_tf.models.folding import FixedConv3D

# Of the largest term of a channel. Sums of 4,320 products (the longest of I3D)
# differ by up to 3e-6 in another order.
LARGEST = 1e-5


class FoldError(ValueError):
    """A folded network is not what it was folded from."""


def require_right_fold(network, folded) -> None:
    """Compares each convolution and gate of a network with its folded one.

    Args:
      network: one of `d3d_tf.networks`, with its variables made.
      folded: what `fold_batch_norm` made of it, as it was made.

    Raises:
      FoldError: one of them differs by more than 1e-5; it is named.
    """
    errors = _unit_errors(network, folded) | _constant_errors(network, folded)
    # NaN is no more than anything, and no less.
    wrong = {name: e for name, e in errors.items() if not e <= LARGEST}
    if wrong:
        name = max(wrong, key=wrong.__getitem__)
        raise FoldError(
            f"{name}, folded, differs by {wrong[name]:.2g} from what it was; "
            f"at most {LARGEST:g} is rounding"
        )


def _unit_errors(network, folded) -> dict[str, float]:
    rng = np.random.default_rng(0)
    pairs = zip(_units(network), _units(folded), strict=True)
    errors = {}
    for number, (own, fixed) in enumerate(pairs):
        name = f"unit {number} ({own.name})"
        errors[name] = _unit_error(own, fixed, rng)
        if own.temporal is not None:
            errors[f"{name}/temporal"] = _conv_error(
                own.temporal, fixed.temporal
            )
        if own.self_gating is not None:
            kernel = own.self_gating.transformer_W.kernel.numpy()
            errors[f"{name}/self_gating"] = _error(
                kernel[0, 0, 0], fixed.fixed_gates.matrix
            )
    return errors


def _unit_error(own: ConvUnit, fixed: ConvUnit, rng) -> float:
    """Before the ReLU, which would hide channels; of each channel's terms."""
    *taps, channels, _ = own.conv.kernel.shape
    shape = [1, *(size + 2 for size in taps), channels]
    clip = tf.constant(rng.standard_normal(shape), tf.float32)
    product = own.conv(clip)
    want = np.float64(own.batch_norm(product, training=False))
    # The shift alone, beta - mean s, and what it was computed from.
    shift = np.float64(own.batch_norm(tf.zeros_like(product), training=False))
    found = np.float64(fixed.batch_norm(fixed.conv(clip)))
    terms = np.abs(want - shift) + np.abs(shift)
    scale = terms.max(axis=(0, 1, 2, 3)) + np.abs(own.batch_norm.beta.numpy())
    gaps = np.abs(found - want).max(axis=(0, 1, 2, 3))
    return float(np.max(gaps / np.maximum(scale, np.finfo(np.float32).tiny)))


def _constant_errors(network, folded) -> dict[str, float]:
    """Convolutions that are copied: the head's and those of other blocks."""
    there = {layer.name: layer for layer in folded._flatten_layers()}
    return {
        f"{layer.name}/{conv.name}": _conv_error(
            conv, getattr(there[layer.name], name)
        )
        for layer in network._flatten_layers()
        if not isinstance(layer, ConvUnit | SelfGating)
        for name, conv in vars(layer).items()
        if isinstance(conv, keras.layers.Conv3D)
    }


def _conv_error(own, fixed: FixedConv3D) -> float:
    kernel = _error(own.kernel.numpy(), fixed.kernel)
    if not own.use_bias:
        return kernel
    bias = own.bias.numpy()
    found = np.zeros_like(bias) if fixed.bias is None else fixed.bias
    return float(np.max([kernel, _error(bias, found)]))


def _error(own: np.ndarray, found: np.ndarray) -> float:
    scale = np.abs(own).max() or 1.0
    return float(np.abs(found - own).max() / scale)


def _units(network) -> list[ConvUnit]:
    return [u for u in network._flatten_layers() if isinstance(u, ConvUnit)]
