"""Modules of networks of features: a video's features in, its classes out."""
