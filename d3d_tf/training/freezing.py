"""Freezes layers and batch-norm statistics for fine-tuning."""

from d3d_tf.config import FinetuneRecipe
from d3d_tf.layers.batch_norm import BatchNorm


def freeze(network, finetune: FinetuneRecipe) -> None:
    """Makes the parts of a network trainable or not, as the recipe says.

    `FinetuneRecipe()` makes everything trainable again.

    Args:
      network: one of `networks`, variables made.
      finetune: `batch_norm` and `freeze_to` are used.
    """
    network.trainable = True
    for layer in network.submodules:
        if isinstance(layer, BatchNorm):
            layer.frozen_statistics = finetune.batch_norm == "frozen"
    if finetune.freeze_to is None:
        return
    for layer in network.trunk.layers_up_to(finetune.freeze_to):
        layer.trainable = False


def describe_freezing(network, finetune: FinetuneRecipe) -> str:
    """Says in words what is frozen, with the numbers of a frozen network."""
    trained = sum(v.shape.num_elements() for v in network.trainable_variables)
    statistics = {
        "train": "batch normalisation by the batch's statistics",
        "frozen": "batch normalisation by the start's averages, which stay",
    }
    frozen = ""
    if finetune.freeze_to:
        frozen = f" (all up to {finetune.freeze_to} stays as it is)"
    return (
        f"{trained:,} values are trained{frozen}; "
        f"{statistics[finetune.batch_norm]}"
    )
