"""Commands that have become modes of `d3d_tf.main`; they still work."""
