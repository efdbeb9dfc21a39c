"""Checks by warping whether a flow leads from frame to frame."""

import dataclasses
import functools
import math
import warnings

import numpy as np
import tensorflow as tf

# ITU-R BT.601, as OpenCV's grey.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclasses.dataclass(frozen=True)
class PhotometricCheck:
    """How far frame t is from frame t + 1, warped back in four ways.

    Mean absolute differences in grey levels (0 to 255), all over the same
    pixels: those whose source lies inside the image in all four ways. NaN
    where there is no such pixel.

    Attributes:
      unwarped: frame t + 1 as it is.
      warped: by the flow.
      negated: by its negative. The lowest if the flow leads to frame t - 1
        rather than to t + 1.
      swapped: by (v, u). The lowest if the components are in the wrong order;
        where motion is diagonal the order does not show.
      share: of all pixels that were compared, 0 to 1.
    """

    unwarped: float
    warped: float
    negated: float
    swapped: float
    share: float

    @property
    def ratio(self) -> float:
        """The share of the difference that remains: 0 is best, 1 is no gain."""
        if self.unwarped:
            return self.warped / self.unwarped
        # A still video: there is nothing to explain, and any motion is wrong.
        return math.inf if self.warped else 1.0

    @property
    def aligned(self) -> bool:
        """Whether the flow is better than none and than its negative."""
        return self.warped < self.unwarped and self.warped < self.negated


def photometric_check(frames: np.ndarray, flow: np.ndarray) -> PhotometricCheck:
    """Compares every frame with the next one, warped back by the flow.

    Args:
      frames: uint8 `[time, height, width, 3]` RGB, at least two.
      flow: float `[time - 1, height, width, 2]`, (u, v) in pixels per frame: as
        `tvl1_flow` returns it. A vector that is not finite counts as one that
        leads outside.

    Raises:
      ValueError: wrong types or shapes.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or len(frames) < 2:
        raise ValueError(
            "frames must be uint8 [time, height, width, 3], at least two; got "
            f"{frames.dtype} {frames.shape}."
        )
    expected = (len(frames) - 1, *frames.shape[1:3], 2)
    if flow.shape != expected:
        raise ValueError(
            f"the flow of these frames must be {expected}; got {flow.shape}."
        )
    sums = np.zeros(4)
    pixels = 0
    # Pair by pair: the memory does not grow with the length of the video.
    for index, vectors in enumerate(flow.astype(np.float32)):
        ways = np.stack(
            [np.zeros_like(vectors), vectors, -vectors, vectors[..., ::-1]]
        )
        compared = _leads_inside(ways).all(axis=0)
        pair = frames[index : index + 2].astype(np.float32)
        earlier, later = pair @ _LUMA
        shown = warp_back(
            np.broadcast_to(later[..., None], (*ways.shape[:3], 1)),
            np.where(compared[..., None], ways, 0),
        ).numpy()[..., 0]
        errors = np.abs(shown - earlier)[:, compared]
        sums += errors.sum(axis=1, dtype=np.float64)
        pixels += errors.shape[1]
    means = sums / pixels if pixels else np.full(4, math.nan)
    unwarped, warped, negated, swapped = means.tolist()
    share = pixels / flow[..., 0].size
    return PhotometricCheck(unwarped, warped, negated, swapped, share)


def _leads_inside(flow: np.ndarray) -> np.ndarray:
    """Which vectors of `[..., height, width, 2]` end inside the image."""
    height, width = flow.shape[-3:-1]
    x = flow[..., 0] + np.arange(width)
    y = flow[..., 1] + np.arange(height)[:, None]
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def warp_back(images, flow) -> tf.Tensor:
    """Predicts the earlier frames from the later ones and the flow.

    tensorflow-addons computes it if it is installed.

    Args:
      images: float32 `[batch, height, width, channels]`, the later frames, at
        least 2 x 2 pixels.
      flow: float32 `[batch, height, width, 2]`, finite, (u, v) in pixels from
        the earlier frames to the later ones.

    Returns:
      float32 `[batch, height, width, channels]`: at (x, y) the images at
      (x + u, y + v), between pixels bilinear, outside the nearest border pixel.
    """
    addons = _addons_warp()
    if addons is None:
        return _warp_back(tf.convert_to_tensor(images), flow)
    # It samples at (y - first component, x - second component).
    return addons(images, tf.reverse(-tf.convert_to_tensor(flow), [-1]))


@functools.cache
def _addons_warp():
    """`dense_image_warp` of tensorflow-addons; None if not installed."""
    # The warning of its end of life is of no use to our users.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from tensorflow_addons.image import dense_image_warp
        except ImportError:
            return None
    return dense_image_warp


def _warp_back(images, flow):
    height, width = tf.unstack(tf.shape(images)[1:3])
    x = flow[..., 0] + tf.range(tf.cast(width, tf.float32))
    y = flow[..., 1] + tf.range(tf.cast(height, tf.float32))[:, None]
    left, across = _cell(x, width)
    top, down = _cell(y, height)

    def pixels(rows, columns):
        places = tf.stack([rows, columns], axis=-1)
        return tf.gather_nd(images, places, batch_dims=1)

    def row(rows):
        start, end = pixels(rows, left), pixels(rows, left + 1)
        return start + across * (end - start)

    upper, lower = row(top), row(top + 1)
    return upper + down * (lower - upper)


def _cell(places, size):
    """Index of the pixel before each place, and the way to the next, 0 to 1.

    Places outside are moved to the border.
    """
    last = tf.cast(size - 1, tf.float32)
    places = tf.clip_by_value(places, 0.0, last)
    before = tf.minimum(tf.floor(places), last - 1)
    return tf.cast(before, tf.int32), (places - before)[..., None]
