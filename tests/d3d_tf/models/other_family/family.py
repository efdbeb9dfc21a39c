"""What it answers of published checkpoints; nothing is read of them."""

from pathlib import Path


def reads(path) -> bool:
    return Path(path).suffix == ".other"


def open_original(path, **options):
    return "other", path, options
