"""The modes of `d3d_tf.main`: one file, one mode."""
