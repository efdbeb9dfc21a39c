"""Measurements that the README quotes; `make table`, `make bench`."""
