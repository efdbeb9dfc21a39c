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

# Rows of scratch: a ring of the image's, in which every row is kept while it is
# needed; sorted columns of even and of odd number, and both merged.
RING_ROWS, SORTED_ROWS = 8, 8
_index = np.uint64


@inline
def _ring(y, row):
    return _index(y % RING_ROWS) * row


@inline
def _four(values, at, apart):
    return (
        values[at],
        values[at + apart],
        values[at + apart + apart],
        values[at + apart + apart + apart],
    )


@inline
def _keep_four(values, at, apart, four):
    values[at] = four[0]
    values[at + apart] = four[1]
    values[at + apart + apart] = four[2]
    values[at + apart + apart + apart] = four[3]


@inline
def _split(state, start, width, ring, even, half):
    """Copies a row: column 2 x to the odd half, column 2 x + 1 to the even one.

    They go to x + 1 and x + 2 there: left of these, the first pixel is
    repeated, and on the right the last one.
    """
    one, two = _index(1), _index(2)
    pairs = (width + one) // two
    odd = even + half
    last = state[start + width - one]
    state[start + width] = last
    for x in range(pairs):
        ring[odd + one + x] = state[start + two * x]
        ring[even + two + x] = state[start + two * x + one]
    ring[even] = ring[even + one] = ring[odd] = state[start]
    ring[odd + one + pairs] = ring[even + two + pairs] = last


@inline
def _two_medians(core, ring, even, columns, x, row):
    """Of neighbouring squares; their fifth row is at `even` in the ring."""
    one, two, three = _index(1), _index(2), _index(3)
    half = row // two
    odd = even + half
    across = sort4(
        ring[even + one], ring[odd + one], ring[even + two], ring[odd + two]
    )
    six = middle_6_of_10_4(core, across)
    left = insert(_four(columns, x + half, row), ring[odd])
    right = insert(_four(columns, x + three, row), ring[even + three])
    return median_of_6_5(six, left), median_of_6_5(six, right)


@inline
def _median5(state, first, height, width, ring, columns, pitch):
    """Of one plane, whose row above the image is at `first`."""
    margin = _index(MARGIN)
    row = pitch + margin
    half = row // _index(2)
    line = _index(PLANES) * pitch
    one, two = _index(1), _index(2)
    pairs = (width + one) // two
    vectors = (pairs + margin - one) // margin * margin
    merged = _index(4) * row
    for y in range(0, height, 2):
        for below in range(2 if y else -2, 4):
            source = min(max(y + below, 0), height - 1)
            start = first + _index(source + 1) * line
            _split(state, start, width, ring, _ring(y + below, row), half)
        a, b = _ring(y - 1, row), _ring(y, row)
        c, d = _ring(y + 1, row), _ring(y + 2, row)
        for x in range(vectors + margin):
            z = x + half
            even = sort4(ring[a + x], ring[b + x], ring[c + x], ring[d + x])
            odd = sort4(ring[a + z], ring[b + z], ring[c + z], ring[d + z])
            both = merge_4_4(even, odd)
            _keep_four(columns, x, row, even)
            _keep_four(columns, z, row, odd)
            _keep_four(columns, x + merged, row, both[:4])
            _keep_four(columns, z + merged, row, both[4:])
        start = first + _index(y + 1) * line
        top, bottom = _ring(y - 2, row), _ring(y + 3, row)
        for x in range(vectors):
            at = x + merged + one
            core = middle_10_of_8_8(
                _four(columns, at, row) + _four(columns, at + half, row),
                _four(columns, at + one, row)
                + _four(columns, at + one + half, row),
            )
            upper = _two_medians(core, ring, top + x, columns, x, row)
            lower = _two_medians(core, ring, bottom + x, columns, x, row)
            state[start + two * x] = upper[0]
            state[start + two * x + one] = upper[1]
            state[start + line + two * x] = lower[0]
            state[start + line + two * x + one] = lower[1]
        for end in (start + width, start + line + width):
            state[end] = state[end - one]


@inline
def _median3(state, first, height, width, ring, columns, pitch):
    margin = _index(MARGIN)
    row = pitch + margin
    line = _index(PLANES) * pitch
    one, two = _index(1), _index(2)
    padded = (width + margin - one) // margin * margin
    for y in range(height):
        for below in range(1 if y else -1, 2):
            source = min(max(y + below, 0), height - 1)
            start = first + _index(source + 1) * line
            target = _ring(y + below, row)
            for x in range(width):
                ring[target + one + x] = state[start + x]
            ring[target] = state[start]
            ring[target + one + width] = state[start + width - one]
        a, b, c = _ring(y - 1, row), _ring(y, row), _ring(y + 1, row)
        for x in range(padded + margin):
            least, middle, greatest = sort3(
                ring[a + x], ring[b + x], ring[c + x]
            )
            columns[x] = least
            columns[x + row] = middle
            columns[x + row + row] = greatest
        start = first + _index(y + 1) * line
        for x in range(padded):
            z = x + row
            low = sort3(columns[x], columns[x + one], columns[x + two])[2]
            middle = sort3(columns[z], columns[z + one], columns[z + two])[1]
            z += row
            high = sort3(columns[z], columns[z + one], columns[z + two])[0]
            state[start + x] = sort3(low, middle, high)[1]
        state[start + width] = state[start + width - one]


@functools.cache
def median_kernel(pitch: int, size: int):
    """`median(state, start, height, width, ring, sorted_columns)`.

    Replaces u and v of the state (see `layout`), which begins with plane
    `start`, by their medians over `size` x `size` pixels, their border
    repeated, as OpenCV's `medianBlur`. What is right of the image and below may
    become anything. Scratch, float32: `ring` `[RING_ROWS * (pitch + MARGIN)]`
    and `sorted_columns` `[SORTED_ROWS * (pitch + MARGIN)]`.
    """
    five = size == 5
    margin = _index(MARGIN)
    pitch_ = _index(pitch)

    @compile_kernel
    def median(state, start, height, width, ring, columns):
        tune()
        for plane in (U, V):
            first = _index(start + plane) * pitch_ + margin
            # A function chosen outside would keep numba from keeping the code.
            if five:
                _median5(state, first, height, width, ring, columns, pitch_)
            else:
                _median3(state, first, height, width, ring, columns, pitch_)

    return median
