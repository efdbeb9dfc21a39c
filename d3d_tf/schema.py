"""The record format: one owner for writer, reader and tests.

A video is one `tf.train.SequenceExample` with MediaSequence keys:

    context
      example/id                    bytes   unique in the data set
      example/dataset_name          bytes
      clip/data_path                bytes   in the folder of the data set
      clip/media_id                 bytes
      clip/label/index              int64   line of label_map.txt, from 0
      clip/label/string             bytes
      clip/start/timestamp          int64   microseconds
      clip/end/timestamp            int64   microseconds
      image/format                  bytes   "JPEG"
      image/channels                int64   3
      image/colorspace              bytes   "RGB"
      image/height, image/width     int64   pixels
      image/frame_rate              float   frames per second
      FORWARD_FLOW/image/format     bytes   "PNG"
      FORWARD_FLOW/image/channels   int64   3: (u, v, 128)
      FORWARD_FLOW/image/height, FORWARD_FLOW/image/width   int64
      FORWARD_FLOW/image/frame_rate float
      FORWARD_FLOW/image/saturation float   px per frame that code 255 means
      d3d/schema_version            int64
      d3d/flow_recipe               bytes   digest of the flow recipe
      d3d/last_flow_repeated        int64   1: the last flow frame repeats its
                                            predecessor (there is no next frame)
    feature lists, one entry per frame
      image/encoded                 bytes   JPEG
      image/timestamp               int64   microseconds
      FORWARD_FLOW/image/encoded    bytes   PNG; entry i is the motion from
                                            frame i to frame i + 1
      FORWARD_FLOW/image/timestamp  int64   that of frame i

Without flow (`flow.algorithm=none`) there is no key of it. A clip around a
keyframe of AVA also has, as other tools write it,

    context
      clip/key_frame/frame_index    int64   from 0, in the clip
      clip/key_frame/bbox/ymin, xmin, ymax, xmax   float, shares of height and
                                            width; an entry per box and action
      clip/key_frame/bbox/score     float   1.0
      clip/key_frame/bbox/label/index, clip/key_frame/bbox/label/string
    feature lists, one entry per frame, empty but at the keyframe
      detectron_frcnn_person/region/bbox/ymin, xmin, ymax, xmax, score   float

where `clip/label/index` are all actions of the keyframe, which may be none.

This module is numpy only; workers that write records need no TensorFlow.
"""

import numpy as np

SCHEMA_VERSION = 1

EXAMPLE_ID = "example/id"
DATASET_NAME = "example/dataset_name"
DATA_PATH = "clip/data_path"
MEDIA_ID = "clip/media_id"
LABEL_INDEX = "clip/label/index"
LABEL_STRING = "clip/label/string"
CLIP_START = "clip/start/timestamp"
CLIP_END = "clip/end/timestamp"
IMAGE_FORMAT = "image/format"
IMAGE_CHANNELS = "image/channels"
IMAGE_COLORSPACE = "image/colorspace"
IMAGE_HEIGHT = "image/height"
IMAGE_WIDTH = "image/width"
IMAGE_RATE = "image/frame_rate"
IMAGE_ENCODED = "image/encoded"
IMAGE_TIMESTAMP = "image/timestamp"
FLOW = "FORWARD_FLOW/"
FLOW_SATURATION = FLOW + "image/saturation"
SCHEMA_KEY = "d3d/schema_version"
FLOW_RECIPE = "d3d/flow_recipe"
LAST_FLOW_REPEATED = "d3d/last_flow_repeated"
KEYFRAME_INDEX = "clip/key_frame/frame_index"
KEYFRAME_BOX = "clip/key_frame/bbox/"
PROPOSAL = "detectron_frcnn_person/region/bbox/"
SIDES = ("ymin", "xmin", "ymax", "xmax")

ZERO_CODE = 128
CODE_RANGE = 127


def encode_flow(flow: np.ndarray, saturation: float) -> np.ndarray:
    """Flow to codes: `128 + round(127 * flow / saturation)`, in 1..255.

    Zero is exactly 128, the mirror image of a code is `256 - code`, and the
    error of a vector inside +- saturation is at most half a step,
    `saturation / 254` px. Vectors outside are clipped; see `clipped_share`.

    Args:
      flow: float `[..., 2]`, (u, v) in pixels per frame of the stored size.
      saturation: largest magnitude of a component that can be stored.

    Returns:
      uint8 `[..., 3]`: (u, v, 128).

    Raises:
      ValueError: the flow holds NaN or infinity.
    """
    if not np.isfinite(flow).all():
        raise ValueError("Flow holds values that are not finite.")
    scaled = np.clip(flow / saturation, -1.0, 1.0) * CODE_RANGE
    codes = np.full((*flow.shape[:-1], 3), ZERO_CODE, np.uint8)
    codes[..., :2] = ZERO_CODE + np.rint(scaled).astype(np.int16)
    return codes


def decode_flow(codes: np.ndarray, saturation: float) -> np.ndarray:
    """The inverse of `encode_flow`: float32 `[..., 2]`, pixels per frame."""
    centred = codes[..., :2].astype(np.float32) - ZERO_CODE
    return centred * np.float32(saturation / CODE_RANGE)


def resize_flow(flow: np.ndarray, height: int, width: int) -> np.ndarray:
    """Flow for frames of another size, each component by its own factor.

    Args:
      flow: float32 `[pairs, height, width, 2]`, pixels per frame.
      height, width: of the other frames.
    """
    old_height, old_width = flow.shape[1:3]
    if (old_height, old_width) == (height, width):
        return flow
    import cv2

    factors = np.array([width / old_width, height / old_height], np.float32)
    return np.stack([cv2.resize(f, (width, height)) for f in flow]) * factors


def clipped_share(flow: np.ndarray, saturation: float) -> float:
    """Share of vectors with a component outside +- saturation, 0..1."""
    if not flow.size:
        return 0.0
    return float(np.mean(np.any(np.abs(flow) > saturation, axis=-1)))
