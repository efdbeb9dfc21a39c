"""Residual branches that are left out of some clips in training."""

import tensorflow as tf

from d3d_tf.layers.dropout import Dropout


class DropConnect(Dropout):
    """Drops a whole clip of a batch, or keeps it, divided by 1 - rate.

    Stochastic depth (Huang et al., ECCV 2016), drawn for each clip; X3D's code
    calls it drop-connect. `draws_by_step` makes it a function of the step.

    Args:
      rate: share of the clips that are dropped.
      index: of the layer in its network, 0 or more. Draws by step are the same
        for all layers of one index.
    """

    def __init__(self, rate: float, index: int, **kwargs):
        super().__init__(rate, noise_shape=(None, 1, 1, 1, 1), **kwargs)
        self.index = index

    @property
    def is_repeatable(self) -> bool:
        """Whether it drops the same clips when a step is computed again."""
        return not self.rate or self.key is not None

    def call(self, inputs, training=None):
        if not training or not self.rate or self.key is None:
            return super().call(inputs, training=training and self.rate > 0)
        # Not the plain key: the head's `Dropout` has that.
        seed = tf.random.experimental.stateless_fold_in(
            self.key(), self.index + 1
        )
        return tf.nn.experimental.stateless_dropout(
            inputs,
            self.rate,
            seed=seed,
            noise_shape=[tf.shape(inputs)[0], 1, 1, 1, 1],
        )

    def get_config(self):
        config = super().get_config() | {"index": self.index}
        del config["noise_shape"], config["seed"]
        return config
