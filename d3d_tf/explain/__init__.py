"""Which places of a clip speak for a class, `--mode=explain`."""
