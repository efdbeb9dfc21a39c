"""What the modes of `d3d_tf.main` do."""
