"""Heads: features in, outputs out. They know no frames."""
