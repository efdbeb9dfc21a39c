"""Published TensorFlow 1 checkpoints: where they are, what is in them."""
