"""Stepwise expansion of X3D: `--mode=expand`."""
