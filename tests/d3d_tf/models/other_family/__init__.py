"""A second family, for tests of what is the same in all."""
