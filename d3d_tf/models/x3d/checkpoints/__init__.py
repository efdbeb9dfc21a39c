"""Published checkpoints of X3D, in PyTorch's files: names, shapes, values."""
