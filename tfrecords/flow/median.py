"""Median of 5 x 5 or 3 x 3 pixels, compiled by numba.

Values are compared in pairs and without branches, a vector of pixels at once.
When every column of a 5 x 5 square is sorted and then every row, the value
in row i and column j has at least (i + 1)(j + 1) - 1 values that are not
greater and (5 - i)(5 - j) - 1 that are not less; so only 13 of them can be the
13th of 25, and it is the middle one of these. The middle one of an odd number
is found by elimination: neither the least nor the greatest of more than half of
them can be it.
"""

import functools

import numpy as np

from d3d_tf.tfrecords.flow.layout import (
    MARGIN,
    PLANES,
    compile_kernel,
    inline,
    widen,
)

_index = np.uint64


@inline
def _sort2(a, b):
    return min(a, b), max(a, b)


@inline
def _sort3(a, b, c):
    a, b = _sort2(a, b)
    b, c = _sort2(b, c)
    a, b = _sort2(a, b)
    return a, b, c


@inline
def _sort5(a, b, c, d, e):
    a, b = _sort2(a, b)
    c, d = _sort2(c, d)
    a, c = _sort2(a, c)
    b, d = _sort2(b, d)
    b, c = _sort2(b, c)
    d, e = _sort2(d, e)
    c, d = _sort2(c, d)
    b, c = _sort2(b, c)
    a, b = _sort2(a, b)
    return a, b, c, d, e


@inline
def _middle5_of_7(a, b, c, d, e, f, g):
    a, b = _sort2(a, b)
    c, d = _sort2(c, d)
    e, f = _sort2(e, f)
    a, c = _sort2(a, c)
    a, e = _sort2(a, e)
    g = max(a, g)
    b, d = _sort2(b, d)
    d, f = _sort2(d, f)
    return b, c, d, e, min(f, g)


@inline
def _middle4_of_6(a, b, c, d, e, f):
    a, b = _sort2(a, b)
    c, d = _sort2(c, d)
    e, f = _sort2(e, f)
    a, c = _sort2(a, c)
    b, d = _sort2(b, d)
    return b, c, max(a, e), min(d, f)


@inline
def _middle3_of_5(a, b, c, d, e):
    a, b = _sort2(a, b)
    c, d = _sort2(c, d)
    a, c = _sort2(a, c)
    b, d = _sort2(b, d)
    return b, c, min(d, max(a, e))


@inline
def _middle_of_11(a, b, c, d, e, f, g, h, i, j, k):
    a, b, c, d, e = _middle5_of_7(a, b, c, d, e, f, g)
    a, b, c, d = _middle4_of_6(a, b, c, d, e, h)
    a, b, c = _middle3_of_5(a, b, c, d, i)
    a, b = _sort2(a, b)
    c, j = _sort2(c, j)
    a, b = max(a, c), min(b, j)
    return _sort3(a, b, k)[1]


@inline
def _middle_of_13(a3, a4, b2, b3, b4, c1, c2, c3, d0, d1, d2, e0, e1):
    # Rows a to e and columns 0 to 4 are sorted: these four can be the least...
    a3, b2 = _sort2(a3, b2)
    a3, c1 = _sort2(a3, c1)
    d0 = max(a3, d0)
    # ... and these the greatest.
    b4, e1 = _sort2(b4, e1)
    c3, e1 = _sort2(c3, e1)
    d2 = min(d2, e1)
    return _middle_of_11(a4, b2, b3, b4, c1, c2, c3, d0, d1, d2, e0)


@functools.cache
def median_kernel(pitch: int, size: int):
    """`median(state, plane, height, width, padded, copy, sorted_columns)`.

    Replaces a plane of the iteration's state (see `kernels`) by its median
    over `size` x `size` pixels, its border repeated, as OpenCV's `medianBlur`.
    Scratch: `copy` float32 `[(height + 4) * (pitch + MARGIN)]` and
    `sorted_columns` float32 `[5 * (pitch + MARGIN)]`.
    """
    wide = pitch + MARGIN
    row1, row2, row3, row4 = (_index(k * wide) for k in range(1, 5))
    one, two, three, four = (_index(k) for k in range(1, 5))
    line = _index(PLANES * pitch)
    stride = _index(wide)
    margin = _index(MARGIN)
    planes = _index(pitch)
    reach = size // 2
    pad = _index(reach)

    @compile_kernel
    def median(state, plane, height, width, padded, copy, columns):
        widen()
        offset = plane * planes + margin
        for row in range(height + 2 * reach):
            source = min(max(row - reach, 0), height - 1)
            start = _index(source + 1) * line + offset
            target = _index(row) * stride
            for x in range(width):
                copy[target + pad + x] = state[start + x]
            for x in range(pad):
                copy[target + x] = state[start]
                copy[target + pad + width + x] = state[start + width - one]
        for y in range(height):
            top = _index(y) * stride
            start = _index(y + 1) * line + offset
            if reach == 2:
                for x in range(padded + margin):
                    p = top + x
                    a, b, c, d, e = _sort5(
                        copy[p],
                        copy[p + row1],
                        copy[p + row2],
                        copy[p + row3],
                        copy[p + row4],
                    )
                    columns[x] = a
                    columns[x + row1] = b
                    columns[x + row2] = c
                    columns[x + row3] = d
                    columns[x + row4] = e
                for x in range(padded):
                    a = _row5(columns, x)
                    b = _row5(columns, x + row1)
                    c = _row5(columns, x + row2)
                    d = _row5(columns, x + row3)
                    e = _row5(columns, x + row4)
                    state[start + x] = _middle_of_13(
                        a[3],
                        a[4],
                        b[2],
                        b[3],
                        b[4],
                        c[1],
                        c[2],
                        c[3],
                        d[0],
                        d[1],
                        d[2],
                        e[0],
                        e[1],
                    )
            else:
                for x in range(padded + margin):
                    p = top + x
                    a, b, c = _sort3(copy[p], copy[p + row1], copy[p + row2])
                    columns[x] = a
                    columns[x + row1] = b
                    columns[x + row2] = c
                for x in range(padded):
                    a = _row3(columns, x)[2]
                    b = _row3(columns, x + row1)[1]
                    c = _row3(columns, x + row2)[0]
                    state[start + x] = _sort3(a, b, c)[1]
            state[start + width] = state[start + width - one]

    return median


@inline
def _row5(values, x):
    """Five neighbours from x on, sorted."""
    return _sort5(
        values[x],
        values[x + _index(1)],
        values[x + _index(2)],
        values[x + _index(3)],
        values[x + _index(4)],
    )


@inline
def _row3(values, x):
    return _sort3(values[x], values[x + _index(1)], values[x + _index(2)])
