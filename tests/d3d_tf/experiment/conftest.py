"""Fixtures of `tests/video_files.py`."""

from tests.video_files import numbers, write_numbered

__all__ = ["numbers", "write_numbered"]
