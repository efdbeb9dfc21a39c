"""The fixtures of `tests/video_files.py`."""

from tests.video_files import numbers, texture, write_numbered

__all__ = ["numbers", "texture", "write_numbered"]
