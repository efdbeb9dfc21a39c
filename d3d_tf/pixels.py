"""How a network wants its RGB pixels: (value - mean) / std, of [0, 1].

It is data of the network, as its weights are: a folder of a run and module.json
hold it, and everything that shows pixels to a network asks it.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pixels:
    """Mean and standard deviation per channel, red first.

    The default makes [-1, 1] of [0, 1], as for Inception's networks.
    """

    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def from_unit(self, frames):
        """Float frames `[..., 3]` in [0, 1] to what the network takes."""
        if self == Pixels():
            return frames * 2.0 - 1.0
        return (frames - self._like(self.mean, frames)) / self._like(
            self.std, frames
        )

    def to_unit(self, frames):
        """The inverse of `from_unit`."""
        return frames * self._like(self.std, frames) + self._like(
            self.mean, frames
        )

    def from_bytes(self, pixels):
        """uint8, or float32 of 0..255, `[..., 3]`, to what a network takes."""
        import tensorflow as tf

        if self != Pixels():
            return self.from_unit(tf.cast(pixels, tf.float32) / 255.0)
        if pixels.dtype != tf.uint8:
            return pixels / 127.5 - 1.0
        # One pass over memory instead of three.
        codes = tf.bitcast(pixels, tf.quint8)
        return tf.quantization.dequantize(codes, -1.0, 1.0)

    def to_bytes(self, frames):
        """The inverse of `from_bytes`, a NumPy array of 0..255, rounded."""
        import numpy as np

        std, mean = (np.asarray(v, np.float32) for v in (self.std, self.mean))
        unit = np.asarray(frames) * std + mean
        return np.rint(unit * 255).clip(0, 255).astype(np.uint8)

    @staticmethod
    def _like(values: tuple, frames):
        import tensorflow as tf

        return tf.constant(values, frames.dtype)


# Of Inception's networks: [-1, 1].
SYMMETRIC = Pixels()
