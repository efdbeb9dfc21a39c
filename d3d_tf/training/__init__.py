"""Training: strategy, optimiser, fit, checkpoints, resuming."""
