"""TV-L1 compiled by XLA, for accelerators: the backend `tensorflow`.

The scheme is that of OpenCV's DualTVL1 in all its parts. Many pairs are
computed together; a pair that has met its own criterion waits, unchanged.
"""

import functools

import numpy as np
import tensorflow as tf

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow.pyramid import linear_taps, pyramid_sizes

MARGIN = 4  # Zeros around a warped image: 4 x 4 pixels fit outside of it.
FRACTIONS = 32  # Images are read at multiples of 1 / 32 px, as by OpenCV.
CUBIC = -0.75  # The free parameter of the bicubic kernel, OpenCV's.
ROWS, COLUMNS = -2, -1  # Axes.
# Of an accelerator's batch: about 1 GB, if 60 float32 planes live at a time.
MOST_PAIRS, MOST_PIXELS = 64, 2**22


def tvl1(frames: np.ndarray, recipe: FlowRecipe) -> np.ndarray:
    """Flow from every frame to the next; see `tvl1_flow`.

    Args:
      frames: uint8 `[time, height, width]`, at least one.
      recipe: the parameters. Every new one is compiled, as is every new size,
        for some 8 s; the process keeps 0.2 GB of it.

    Returns:
      float32 `[time - 1, height, width, 2]`, (u, v) in pixels per frame.
    """
    pairs = len(frames) - 1
    flow = np.empty((pairs, *frames.shape[1:], 2), np.float32)
    size = pairs_at_once(*frames.shape[1:])
    for start in range(0, pairs, size):
        part = frames[start : start + size + 1].astype(np.float32)
        # The last batch has the compiled size, too: its last frame is repeated.
        absent = size + 1 - len(part)
        part = np.pad(part, [(0, absent), (0, 0), (0, 0)], mode="edge")
        found = tvl1_pairs(part[:-1], part[1:], recipe)
        flow[start : start + size] = found[: pairs - start]
    return flow


def pairs_at_once(height: int, width: int) -> int:
    """The batch that suits the device; results do not depend on it.

    On a CPU it is one pair, whose planes stay in the cache and which never
    waits for slower pairs.
    """
    if not tf.config.list_logical_devices("GPU"):
        return 1
    return max(1, min(MOST_PAIRS, MOST_PIXELS // (height * width)))


def tvl1_pairs(first, second, recipe: FlowRecipe) -> tf.Tensor:
    """Flow of a batch of pairs: one XLA program per shape and recipe.

    Args:
      first: float32 `[batch, height, width]`, grey, 0..255.
      second: the same, later.
      recipe: the parameters.

    Returns:
      float32 `[batch, height, width, 2]`, (u, v) in pixels.
    """
    return _program(recipe)(tf.constant(first), tf.constant(second))


@functools.cache
def _program(recipe: FlowRecipe):
    solve = functools.partial(_coarse_to_fine, recipe=recipe)
    return tf.function(solve, jit_compile=True, autograph=False)


def _coarse_to_fine(first, second, recipe: FlowRecipe):
    step = recipe.scale_step
    _, height, width = first.shape
    sizes = pyramid_sizes(height, width, recipe.scales, step)
    scales = [[first, second]]
    for size in sizes[1:]:
        scales.append([_resize(i, size, [1 / step] * 2) for i in scales[-1]])
    flow = [tf.zeros_like(scales[-1][0])] * 2
    for first, second in reversed(scales):
        old, new = flow[0].shape[1:], first.shape[1:]
        if old != new:
            # Not by 1 / step: rounded sizes have a ratio of their own.
            ratios = [a / b for a, b in zip(old, new, strict=True)]
            flow = [_resize(plane, new, ratios) / step for plane in flow]
        flow = _solve_scale(first, second, flow, recipe)
    return tf.stack(flow, axis=-1)


def _solve_scale(first, second, flow, recipe: FlowRecipe):
    """Updates u and v `[batch, height, width]` by all warps of a scale."""
    batch, height, width = first.shape
    images = [second]
    for axis in (COLUMNS, ROWS):
        ahead, behind = _shift(second, axis, 1), _shift(second, axis, -1)
        images.append(0.5 * (ahead - behind))
    enough = recipe.epsilon**2 * height * width
    limit, pace = recipe.lambda_ * recipe.theta, recipe.tau / recipe.theta
    all_pairs = tf.ones([batch], tf.bool)

    def warp(_, planes):
        u, v = planes[:2]
        warped, gx, gy = [_read_at(image, u, v) for image in images]
        rest = warped - gx * u - gy * v - first
        square = gx * gx + gy * gy
        flat = square <= np.finfo(np.float32).eps
        inverse = tf.where(flat, 0.0, 1 / square)

        def inner(_, planes):
            u, v, ux, uy, vx, vy = planes
            ratio = (rest + gx * u + gy * v) * inverse
            ratio = tf.clip_by_value(ratio, -limit, limit)
            new_u = u - ratio * gx + recipe.theta * _divergence(ux, uy)
            new_v = v - ratio * gy + recipe.theta * _divergence(vx, vy)
            change = (new_u - u) ** 2 + (new_v - v) ** 2
            new = [new_u, new_v]
            for plane, x, y in ((new_u, ux, uy), (new_v, vx, vy)):
                dx, dy = _gradient(plane)
                share = 1 / (1 + pace * tf.sqrt(dx * dx + dy * dy))
                new += [(x + pace * dx) * share, (y + pace * dy) * share]
            return tf.reduce_sum(change, axis=[1, 2]) > enough, new

        def outer(active, planes):
            size = recipe.median_filtering
            smooth = [median_filter(plane, size) for plane in planes[:2]]
            planes = (*smooth, *planes[2:])
            return _repeat(inner, recipe.inner_iterations, active, planes)

        outer_iterations = recipe.outer_iterations
        return all_pairs, _repeat(outer, outer_iterations, all_pairs, planes)[1]

    # The dual variables belong to the scale, not to the warp.
    planes = (*flow, *[tf.zeros_like(first)] * 4)
    return _repeat(warp, recipe.warps, all_pairs, planes)[1][:2]


def _repeat(update, times: int, active, planes):
    """Repeats an update of the active pairs; returns `active, planes`.

    `update(active, planes)` returns which pairs continue, bool `[batch]`, and
    the planes of all pairs; pairs that are not active keep their old planes.
    """

    def goes_on(count, active, planes):
        return (count < times) & tf.reduce_any(active)

    def step(count, active, planes):
        more, new = update(active, planes)
        mask = active[:, None, None]
        pairs = zip(new, planes, strict=True)
        new = tuple(tf.where(mask, after, before) for after, before in pairs)
        return count + 1, active & more, new

    return tf.while_loop(goes_on, step, (0, active, tuple(planes)))[1:]


def _gradient(u):
    """Differences to the next pixel, zero at the last, along x and along y."""
    x = tf.pad(u[..., 1:] - u[..., :-1], [[0, 0], [0, 0], [0, 1]])
    y = tf.pad(u[:, 1:] - u[:, :-1], [[0, 0], [0, 1], [0, 0]])
    return x, y


def _divergence(x, y):
    """Sum of the differences to the pixel before; zero before the first."""
    left = tf.pad(x, [[0, 0], [0, 0], [1, 0]])[..., :-1]
    above = tf.pad(y, [[0, 0], [1, 0], [0, 0]])[:, :-1]
    return x - left + y - above


def _read_at(image, u, v):
    """The image at (x + u, y + v): bicubic, and zero outside of the image."""
    batch, height, width = image.shape
    pitch, lines = width + 2 * MARGIN, height + 2 * MARGIN
    x, weights_x = _bicubic(tf.range(float(width)) + u, width)
    y, weights_y = _bicubic(tf.range(float(height))[:, None] + v, height)
    # One index into the whole batch, to the first of 4 x 4 pixels.
    start = (np.arange(batch)[:, None, None] * lines + y) * pitch + x
    around = [[0, 0], [MARGIN, MARGIN], [MARGIN, MARGIN]]
    pixels = tf.reshape(tf.pad(image, around), [-1])
    value = 0.0
    for i, weight_y in enumerate(weights_y):
        line = 0.0
        for j, weight_x in enumerate(weights_x):
            line += weight_x * tf.gather(pixels, start + (i * pitch + j))
        value += weight_y * line
    return value


def _bicubic(place, length: int):
    """Index of the first of the four pixels around, and their weights."""
    place = tf.round(FRACTIONS * place) / FRACTIONS
    # No further outside than this: there all four pixels are in the margin.
    place = tf.clip_by_value(place, -3.0, length + 1.0)
    left = tf.floor(place)
    t = place - left
    s, a = 1 - t, CUBIC
    first = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a
    second = ((a + 2) * t - (a + 3)) * t * t + 1
    third = ((a + 2) * s - (a + 3)) * s * s + 1
    weights = first, second, third, 1 - first - second - third
    return tf.cast(left, tf.int32) + (MARGIN - 1), weights


def _resize(image, size, ratios):
    """Linear interpolation with pixel centres at halves; ratios: old / new."""
    for axis, length, ratio in zip((ROWS, COLUMNS), size, ratios, strict=True):
        low, share = linear_taps(image.shape[axis], length, ratio)
        share = share.reshape([-1] + [1] * (-1 - axis))
        high = tf.gather(image, low + 1, axis=axis)
        image = tf.gather(image, low, axis=axis) * (1 - share) + high * share
    return image


def median_filter(plane, size: int):
    """Median over `size` x `size` pixels, the border repeated; 1: unchanged.

    With all columns sorted, and then all rows of that, the value in row i and
    column j has (i + 1)(j + 1) - 1 others that are not greater, and
    (size - i)(size - j) - 1 that are not less: most cannot be in the middle.
    """
    offsets = range(-(size // 2), size // 2 + 1)
    ranks = _sort([_shift(plane, ROWS, by) for by in offsets])
    # Stacked: newer versions of XLA would sort all columns for each offset.
    ranks = tf.stack(ranks)
    squares = _sort([_shift(ranks, COLUMNS, by) for by in offsets])
    middle = size * size // 2
    candidates = [
        squares[j][i]
        for i in range(size)
        for j in range(size)
        if max((i + 1) * (j + 1), (size - i) * (size - j)) - 1 <= middle
    ]
    return _sort(candidates)[len(candidates) // 2]


def _sort(values: list) -> list:
    """Sorts tensors pixel by pixel."""
    values = list(values)
    for end in range(len(values) - 1, 0, -1):
        for i in range(end):
            a, b = values[i : i + 2]
            values[i : i + 2] = tf.minimum(a, b), tf.maximum(a, b)
    return values


def _shift(image, axis: int, by: int):
    """Each pixel's neighbour at a distance on the axis, border repeated."""
    last = image.shape[axis] - 1
    indices = np.clip(np.arange(last + 1) + by, 0, last)
    return tf.gather(image, indices, axis=axis)
