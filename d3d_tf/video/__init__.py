"""Decoding video files: the one implementation for records, prediction, client.

Needs PyAV, NumPy and OpenCV only; TensorFlow is never imported.
"""

# How files become frames. It is part of a record's identity and is raised when
# the same file gives other frames than before.
#   1: frames at the times that the file states, in the shape it stores.
#   2: frames in the order in which they are decoded; square pixels; mirrors.
DECODING = 2
