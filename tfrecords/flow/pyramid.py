"""The sizes of TV-L1's image pyramid, and resampling between them."""

import numpy as np

from d3d_tf.tfrecords.flow.layout import compile_kernel

_index = np.uint64


def pyramid_sizes(
    height: int, width: int, scales: int, step: float
) -> list[tuple[int, int]]:
    """Sizes from the finest scale on; only the first may be under 16 pixels."""
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
