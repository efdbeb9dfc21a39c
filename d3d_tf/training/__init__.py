"""Strategy, optimiser, fit, checkpoints, resume."""
