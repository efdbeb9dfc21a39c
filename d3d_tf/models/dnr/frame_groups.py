"""Frames of a clip, in order, in groups of as many."""

import tensorflow as tf

from d3d_tf.layers.lengths import lengths


class FrameGroups:
    """How the frames of clips are grouped; the last group has what is left.

    Args:
      clips: `[batch, time, height, width, C]`.
      size: frames of a group; None: one group of all.

    Attributes:
      number: of groups; an int where the number of frames is known.
    """

    def __init__(self, clips, size: int | None = None):
        self._batch, self._time, *_ = lengths(clips)
        self._size = self._time if size is None else size
        self.number = 1 if size is None else -(-self._time // size)

    def each(self, function, clips):
        """`function` of the clips of every group, in order, joined again.

        Args:
          function: keeps the shape of clips; its variables are made.
          clips: as those that were grouped.
        """

        if not tf.is_tensor(self.number):
            sizes = [self._size] * self.number
            sizes[-1] = self._time - sum(sizes[:-1])
            # Not slices: the gradient of each is as large as the clips.
            parts = tf.split(clips, sizes, axis=1)
            return tf.concat([*map(function, parts)], axis=1)
        # A module's clips have any length. Arrays are joined on their first
        # axis, which is time for the while. (TensorFlow cannot derive a loop of
        # a loaded module if there is a custom gradient in it, as in
        # `layers.normalised`: channels here are multiples of 8.)
        order = [1, 0, 2, 3, 4]

        def outputs(i):
            start = i * self._size
            return function(clips[:, start : start + self._size])

        array = tf.TensorArray(clips.dtype, self.number, infer_shape=False)
        _, array = tf.while_loop(
            lambda i, _: i < self.number,
            lambda i, array: (
                i + 1,
                array.write(i, tf.transpose(outputs(i), order)),
            ),
            [0, array],
        )
        joined = tf.transpose(array.concat(), order)
        return tf.ensure_shape(joined, clips.shape)

    def means(self, clips):
        """Float32 `[groups, batch, C]`: of each group's places.

        Sums of every frame come first: one of a whole clip is less exact.
        """
        frames = tf.reduce_mean(tf.cast(clips, tf.float32), [2, 3])
        missing = self.number * self._size - self._time
        frames = tf.pad(frames, [[0, 0], [0, missing], [0, 0]])
        channels = frames.shape[-1]
        shape = [self._batch, self.number, self._size, channels]
        sums = tf.reduce_sum(tf.reshape(frames, shape), axis=2)
        starts = tf.range(self.number) * self._size
        sizes = tf.minimum(self._size, self._time - starts)
        means = sums / tf.cast(sizes, tf.float32)[:, None]
        return tf.transpose(means, [1, 0, 2])

    def spread(self, values):
        """`[groups, batch, C]` to `[batch, time, 1, 1, C]`, one per frame."""
        frames = tf.repeat(tf.transpose(values, [1, 0, 2]), self._size, axis=1)
        return frames[:, : self._time, None, None]
