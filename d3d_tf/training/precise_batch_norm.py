"""Statistics of batch normalisation from many batches instead of the last ones.

A moving average mixes statistics of weights that have changed since. SlowFast,
and X3D with it, averages those of 200 batches anew before a network is tested:
the plain mean over the batches of each batch's mean and (unbiased) variance.
"""

import numpy as np
import tensorflow as tf

from d3d_tf.config import Recipe
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.parts import Part
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.dropout import draws_by_step
from d3d_tf.training.workers import distributed


def settle_on_records(
    network, strategy, recipe: Recipe, dataset: Dataset, stream: str
) -> None:
    """`settle_statistics` with the first training batches of a recipe.

    Args:
      network, strategy: as there.
      recipe: whose `evaluation.precise_batch_norm` is the number of batches.
      dataset: its split `train` is used.
      stream: what the network looks at.

    Raises:
      UserError: there is no such split, or it is damaged.
    """

    def clips(part: Part) -> tf.data.Dataset:
        batches = make_dataset(
            dataset,
            "train",
            recipe.clip,
            batch_size=recipe.train.batch_size,
            training=True,
            streams=(stream,),
            pixels=recipe.network.pixels,
            seed=recipe.seed,
            part=part,
        )
        steps = recipe.evaluation.precise_batch_norm
        first = batches.take(steps * part.devices)
        return first.map(lambda inputs, _: inputs[stream])

    with naming_damage(dataset, "train"):
        settle_statistics(
            network, strategy, distributed(clips), seed=recipe.seed
        )


def settle_statistics(network, strategy, clips, *, seed: int = 0) -> None:
    """Replaces the moving averages of a network, in place.

    Batches run as in training, with dropout and each replica on its part.

    Args:
      network: of the strategy; layers of frozen statistics keep theirs.
      strategy: that it was made in.
      clips: global batches `[batch, time, height, width, C]`, all of which are
        used; at least one. Or a data set that is distributed already.
      seed: of the dropout.
    """
    layers = [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, BatchNorm)
        and layer.trainable
        and not layer.frozen_statistics
    ]
    averages = [
        variable
        for layer in layers
        for variable in (layer.moving_mean, layer.moving_variance)
    ]
    momenta = [layer.momentum for layer in layers]
    step = tf.Variable(0, dtype=tf.int64)
    sums = [np.zeros(variable.shape, np.float64) for variable in averages]
    seen = 0
    if isinstance(clips, tf.data.Dataset):
        clips = strategy.experimental_distribute_dataset(clips)

    def in_training(part):
        network(part, training=True)

    @tf.function
    def forward(part):
        strategy.run(in_training, args=(part,))

    try:
        for layer in layers:
            layer.momentum = 0.0  # The averages are those of the last batch.
        with draws_by_step(network, seed, step):
            for part in clips:
                forward(part)
                for total, variable in zip(sums, averages, strict=True):
                    total += variable.numpy()
                seen += 1
                step.assign_add(1)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    for total, variable in zip(sums, averages, strict=True):
        variable.assign((total / seen).astype(np.float32))
