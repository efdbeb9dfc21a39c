"""Resampling between the scales of TV-L1, and images laid out for warping."""

import numpy as np

from d3d_tf.tfrecords.flow.kernels import (
    BORDER,
    CHANNELS,
    FRACTIONS,
    compile_kernel,
)

_index = np.uint64


def pyramid_sizes(
    height: int, width: int, scales: int, step: float
) -> list[tuple[int, int]]:
    """Sizes from the finest scale on; none is under 16 pixels but the first."""
    sizes = [(height, width)]
    while len(sizes) < scales:
        height, width = round(height * step), round(width * step)
        if min(height, width) < 16:
            break
        sizes.append((height, width))
    return sizes


def linear_taps(
    length: int, new_length: int, ratio: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where linear interpolation reads, with pixel centres at halves.

    Returns:
      int32 and float32 `[new_length]`: the left neighbour, at most
      `length - 2`, and the weight of the right one.
    """
    centres = (np.arange(new_length) + 0.5) * ratio - 0.5
    left = np.clip(np.floor(centres), 0, max(length - 2, 0))
    weights = np.clip(centres - left, 0, 1)
    return left.astype(np.int32), weights.astype(np.float32)


def bicubic_taps() -> np.ndarray:
    """float32 `[FRACTIONS, 4]`, weights at k / FRACTIONS px; OpenCV's A."""
    a = -0.75
    t = np.arange(FRACTIONS) / FRACTIONS
    first = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a
    second = ((a + 2) * t - (a + 3)) * t * t + 1
    third = ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1
    taps = np.stack([first, second, third, 1 - first - second - third], -1)
    return taps.astype(np.float32)


@compile_kernel
def resize(
    source,
    source_start,
    source_stride,
    target,
    target_start,
    target_stride,
    rows,
    row_weights,
    columns,
    column_weights,
    factor,
    width,
    line,
):
    """Linear interpolation between planes of flat float32 arrays.

    `source_start` and `target_start` are the first pixels, the strides lead
    from row to row; `rows` and `columns` with their weights are from
    `linear_taps`; all values are multiplied by `factor`; `width` is the
    source's and `line` float32 `[width + 1]` scratch.
    """
    one = _index(1)
    for y in range(len(rows)):
        upper = source_start + _index(rows[y]) * source_stride
        weight = row_weights[y]
        for x in range(width):
            value = source[upper + x]
            line[x] = value + weight * (
                source[upper + source_stride + x] - value
            )
        out = target_start + _index(y) * target_stride
        for x in range(len(columns)):
            left = _index(columns[x])
            value = line[left]
            target[out + _index(x)] = factor * (
                value + column_weights[x] * (line[left + one] - value)
            )


@compile_kernel
def interleave(image, height, width, pitch, target):
    """An image and its central differences, pixel by pixel, zeros around.

    Args:
      image: float32 `[height, width]`.
      height: of the image.
      width: of the image.
      pitch: pixels per row of the target, at least `width + 2 * BORDER`.
      target: float32 `[(height + 2 * BORDER) * pitch * CHANNELS]`; its
        channels become value, x difference, y difference; what lies outside
        of the image is not touched.
    """
    half = np.float32(0.5)
    for y in range(height):
        above = max(y - 1, 0)
        below = min(y + 1, height - 1)
        start = ((y + BORDER) * pitch + BORDER) * CHANNELS
        for x in range(width):
            left = max(x - 1, 0)
            right = min(x + 1, width - 1)
            at = start + CHANNELS * x
            target[at] = image[y, x]
            target[at + 1] = half * (image[y, right] - image[y, left])
            target[at + 2] = half * (image[below, x] - image[above, x])
