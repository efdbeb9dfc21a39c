"""Whether a folded network computes what it was folded from, unit by unit.

What a unit's own normalisation does to 0, and its slope there, are the bias and
the scale of the kernel that its folded convolution must have. Depth does not
enlarge rounding here, so that a fault of one channel shows even in networks
whose logits say nothing.
"""

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.inception.blocks import ConvUnit, SelfGating
from d3d_tf.models.inception.folding import FixedConv3D
from d3d_tf.models.network import FoldError

# Of the largest term of a channel. Rounding comes to some 3e-7.
LARGEST = 1e-5
_TINY = np.finfo(np.float32).tiny


def require_right_fold(network, folded) -> None:
    """Compares each convolution and gate of a network with its folded one.

    Args:
      network: one of `d3d_tf.models.inception.networks` with its variables.
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
    pairs = zip(_units(network), _units(folded), strict=True)
    errors = {}
    for number, (own, fixed) in enumerate(pairs):
        name = f"unit {number} ({own.name})"
        errors[name] = _unit_error(own, fixed)
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


def _unit_error(own: ConvUnit, fixed: ConvUnit) -> float:
    """Of the worst channel."""
    norm, conv = own.batch_norm, fixed.conv
    zero = tf.zeros([1, 1, 1, 1, conv.filters])
    with tf.GradientTape() as tape:
        tape.watch(zero)
        shift = norm(zero, training=False)
    slope = np.float64(tape.gradient(shift, zero)).ravel()
    shift = np.float64(shift).ravel()
    kernel = own.conv.kernel.numpy() * slope
    # beta - mean s: if they cancel, rounding is that of either.
    terms = np.abs(shift) + np.abs(norm.beta.numpy())
    return float(
        np.max(
            [
                _per_channel(conv.kernel - kernel, kernel),
                _per_channel(_bias(conv) - shift, terms),
            ]
        )
    )


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


def _conv_error(own, fixed) -> float:
    kernel = _error(own.kernel.numpy(), fixed.kernel)
    if not own.use_bias:
        return kernel
    return float(np.max([kernel, _error(own.bias.numpy(), _bias(fixed))]))


def _bias(conv: FixedConv3D) -> np.ndarray:
    return np.zeros(conv.filters) if conv.bias is None else conv.bias


def _error(own: np.ndarray, found: np.ndarray) -> float:
    return float(np.abs(found - own).max() / max(np.abs(own).max(), _TINY))


def _per_channel(gap: np.ndarray, terms: np.ndarray) -> float:
    """The largest of a channel's gaps, of its largest term."""
    axes = tuple(range(gap.ndim - 1))
    return float(
        np.max(np.abs(gap).max(axes) / np.abs(terms).max(axes).clip(_TINY))
    )


def _units(network) -> list[ConvUnit]:
    return [u for u in network._flatten_layers() if isinstance(u, ConvUnit)]
