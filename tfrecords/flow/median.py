"""Median of 5 x 5 or 3 x 3 pixels, compiled by numba.

For 5 x 5, four squares at a time, two of them above two. They share 4 x 4
pixels; of these 16, only those with three below and above can be the 13th of
25. Upper and lower squares each share four more; of 20, only six can still be
it. The last five of a square, in the column left or right of the others,
decide. So comparisons are 58 per pixel; for each square by itself, they would
be 150. Even and odd columns are kept apart, so that squares that lie beside
each other are four vectors.
"""

import functools

import numpy as np

from d3d_tf.tfrecords.flow.comparators import (
    insert,
    median_of_6_5,
    merge_4_4,
    middle_6_of_10_4,
    middle_10_of_8_8,
    sort3,
    sort4,
)
from d3d_tf.tfrecords.flow.layout import (
    MARGIN,
    PLANES,
    U,
    V,
    compile_kernel,
    inline,
    tune,
)

# Rows of scratch: sorted columns of even and of odd number, and both merged.
SCRATCH_ROWS = 8
_index = np.uint64


@inline
def _four(values, at, apart):
    return (
        values[at],
        values[at + apart],
        values[at + apart + apart],
        values[at + apart + apart + apart],
    )


@inline
def _sorted_four(values, at, apart):
    a, b, c, d = _four(values, at, apart)
    return sort4(a, b, c, d)


@inline
def _keep_four(values, at, apart, four):
    values[at] = four[0]
    values[at + apart] = four[1]
    values[at + apart + apart] = four[2]
    values[at + apart + apart + apart] = four[3]


@inline
def _median5(state, offset, height, width, copy, columns, pitch):
    """Of one plane, whose first row above the image is at `offset`."""
    margin = _index(MARGIN)
    row = pitch + margin
    half = row // _index(2)
    line = _index(PLANES) * pitch
    one, two = _index(1), _index(2)
    pairs = (width + one) // two
    vectors = (pairs + margin - one) // margin * margin
    # Column 2 x is at x + 1 of the odd half, column 2 x + 1 at x + 2 of the
    # even one: left of these, the first pixel is repeated.
    for y in range(height + 5):
        source = min(max(y - 2, 0), height - 1)
        start = _index(source + 1) * line + offset
        even = _index(y) * row
        odd = even + half
        last = state[start + width - one]
        state[start + width] = last
        for x in range(pairs):
            copy[odd + one + x] = state[start + two * x]
            copy[even + two + x] = state[start + two * x + one]
        copy[even] = copy[even + one] = copy[odd] = state[start]
        copy[odd + one + pairs] = copy[even + two + pairs] = last
    merged = _index(4) * row
    for y in range(0, height, 2):
        top = _index(y) * row
        bottom = top + _index(5) * row
        start = _index(y + 1) * line + offset
        for x in range(vectors + margin):
            even = _sorted_four(copy, top + row + x, row)
            odd = _sorted_four(copy, top + row + half + x, row)
            both = merge_4_4(even, odd)
            _keep_four(columns, x, row, even)
            _keep_four(columns, x + half, row, odd)
            _keep_four(columns, x + merged, row, both[:4])
            _keep_four(columns, x + merged + half, row, both[4:])
        for x in range(vectors):
            at = x + merged + one
            core = middle_10_of_8_8(
                _four(columns, at, row) + _four(columns, at + half, row),
                _four(columns, at + one, row)
                + _four(columns, at + one + half, row),
            )
            left, right = _two_medians(core, copy, top + x, columns, x, row)
            state[start + two * x] = left
            state[start + two * x + one] = right
            left, right = _two_medians(core, copy, bottom + x, columns, x, row)
            state[start + line + two * x] = left
            state[start + line + two * x + one] = right


@inline
def _two_medians(core, copy, even, columns, x, row):
    """Of neighbouring squares; their fifth row is at `even` in `copy`."""
    one, two, three = _index(1), _index(2), _index(3)
    half = row // two
    odd = even + half
    across = sort4(
        copy[even + one], copy[odd + one], copy[even + two], copy[odd + two]
    )
    six = middle_6_of_10_4(core, across)
    left = insert(_four(columns, x + half, row), copy[odd])
    right = insert(_four(columns, x + three, row), copy[even + three])
    return median_of_6_5(six, left), median_of_6_5(six, right)


@inline
def _median3(state, offset, height, width, copy, columns, pitch):
    margin = _index(MARGIN)
    row = pitch + margin
    line = _index(PLANES) * pitch
    one = _index(1)
    padded = (width + margin - one) // margin * margin
    for y in range(height + 2):
        source = min(max(y - 1, 0), height - 1)
        start = _index(source + 1) * line + offset
        target = _index(y) * row
        for x in range(width):
            copy[target + one + x] = state[start + x]
        copy[target] = state[start]
        copy[target + one + width] = state[start + width - one]
    for y in range(height):
        top = _index(y) * row
        start = _index(y + 1) * line + offset
        for x in range(padded + margin):
            a, b, c = _three(copy, top + x, row)
            columns[x] = a
            columns[x + row] = b
            columns[x + row + row] = c
        for x in range(padded):
            low = _three(columns, x, one)[2]
            middle = _three(columns, x + row, one)[1]
            high = _three(columns, x + row + row, one)[0]
            state[start + x] = sort3(low, middle, high)[1]


@inline
def _three(values, at, apart):
    return sort3(values[at], values[at + apart], values[at + apart + apart])


@functools.cache
def median_kernel(pitch: int, size: int):
    """`median(state, start, height, width, copy, sorted_columns)`.

    Replaces u and v of the state (see `layout`), which begins with plane
    `start`, by their medians over `size` x `size` pixels, their border
    repeated, as OpenCV's `medianBlur`. What is right of the image and below may
    become anything.
    Scratch: `copy` float32 `[(height + 5) * (pitch + MARGIN)]` and
    `sorted_columns` float32 `[SCRATCH_ROWS * (pitch + MARGIN)]`.
    """
    line = _index(PLANES * pitch)
    of_plane = _median5 if size == 5 else _median3
    pitch = _index(pitch)
    margin, one = _index(MARGIN), _index(1)

    @compile_kernel
    def median(state, start, height, width, copy, columns):
        tune()
        for plane in (U, V):
            offset = _index(start + plane) * pitch + margin
            of_plane(state, offset, height, width, copy, columns, pitch)
            for y in range(height):
                end = _index(y + 1) * line + offset + width
                state[end] = state[end - one]

    return median
