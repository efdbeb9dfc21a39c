"""Measurements that the README quotes; `make table`, `make bench`."""

import d3d_tf  # noqa: F401  # Before TensorFlow: it turns oneDNN on.
