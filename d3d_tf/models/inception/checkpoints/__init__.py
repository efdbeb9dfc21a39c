"""Published checkpoints of these networks: names, shapes, values."""
