"""Inception's units, folded for inference; see `models.folding`.

One pass over the activations less, and TensorFlow joins what is left,
convolution, shift and ReLU, into one operation.
"""

from d3d_tf.models import folding
from d3d_tf.models.inception.folded_trunk import FoldedTrunk

# A unit's convolution and its normalisation, by their names in it.
_PAIRS = (("conv", "batch_norm"),)


def fold_batch_norm(network):
    """A copy of a built network that does the same in inference, faster.

    Args:
      network: any of `d3d_tf.models.inception.networks` with its variables.
    """
    folded = folding.fold_batch_norm(network, _PAIRS)
    folded.trunk = FoldedTrunk(folded.trunk)
    return folded


def require_right_fold(network, folded) -> None:
    """Compares each convolution and gate of a network with its folded one.

    Raises:
      FoldError: one of them differs.
    """
    folding.require_right_fold(network, folded, _PAIRS)
