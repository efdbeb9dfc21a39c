"""Trunks: a clip in, named features out. They know no labels."""
