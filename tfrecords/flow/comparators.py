"""Sorting and merging by comparisons of pairs, without branches.

The numbers may be vectors of pixels: every function is a fixed sequence of
minima and maxima. Merging is Batcher's: what stands at even places and what
stands at odd ones is merged by itself, and then neighbours are compared.
"""

from d3d_tf.tfrecords.flow.layout import inline


@inline
def sort2(a, b):
    """Two numbers, sorted."""
    return min(a, b), max(a, b)


@inline
def sort3(a, b, c):
    """Three numbers, sorted."""
    a, b = sort2(a, b)
    b, c = sort2(b, c)
    a, b = sort2(a, b)
    return a, b, c


@inline
def sort4(a, b, c, d):
    """Four numbers, sorted."""
    a, b = sort2(a, b)
    c, d = sort2(c, d)
    return _merge_2_2(a, b, c, d)


@inline
def insert(four, new):
    """A number among four sorted ones: five, sorted."""
    a, b, c, d = four
    a, new = sort2(a, new)
    b, new = sort2(b, new)
    c, new = sort2(c, new)
    d, new = sort2(d, new)
    return a, b, c, d, new


@inline
def merge_4_4(a, b, c, d, e, f, g, h):
    """Four and four sorted numbers, merged."""
    a, c, e, g = _merge_2_2(a, c, e, g)
    b, d, f, h = _merge_2_2(b, d, f, h)
    b, c = sort2(b, c)
    d, e = sort2(d, e)
    f, g = sort2(f, g)
    return a, b, c, d, e, f, g, h


@inline
def middle_10_of_8_8(first, second):
    """Of eight and eight sorted numbers those with three below and above."""
    a, b, c, d, e, f, g, h = first
    i, j, k, l, m, n, o, p = second
    _, _, c, e, g, i, k, _ = merge_4_4(a, c, e, g, i, k, m, o)
    _, d, f, h, j, l, _, _ = merge_4_4(b, d, f, h, j, l, n, p)
    d, c = sort2(d, c)
    f, e = sort2(f, e)
    h, g = sort2(h, g)
    j, i = sort2(j, i)
    l, k = sort2(l, k)
    return d, c, f, e, h, g, j, i, l, k


@inline
def middle_6_of_10_4(ten, four):
    """Of ten and four sorted numbers those with four below and above."""
    a, b, c, d, e, f, g, h, i, j = ten
    k, l, m, n = four
    _, _, c, e, g, i, _ = _merge_5_2(a, c, e, g, i, k, m)
    _, d, f, h, j, _, _ = _merge_5_2(b, d, f, h, j, l, n)
    c = max(d, c)
    f, e = sort2(f, e)
    h, g = sort2(h, g)
    return c, f, e, h, g, min(j, i)


@inline
def median_of_6_5(six, five):
    """The middle one of six and five sorted numbers.

    The sixth of all is the least number that is not under some i of the six
    and 6 - i of the five.
    """
    a, b, c, d, e, f = six
    g, h, i, j, k = five
    low = min(max(a, k), max(b, j))
    middle = min(max(c, i), max(d, h))
    return min(min(low, middle), min(max(e, g), f))


@inline
def _merge_2_2(a, b, c, d):
    a, c = sort2(a, c)
    b, d = sort2(b, d)
    b, c = sort2(b, c)
    return a, b, c, d


@inline
def _merge_5_2(a, b, c, d, e, f, g):
    # Of a, c, e with f, and of b, d with g.
    a, f = sort2(a, f)
    c, f = sort2(c, f)
    e, f = sort2(e, f)
    b, g = sort2(b, g)
    d, g = sort2(d, g)
    b, c = sort2(b, c)
    d, e = sort2(d, e)
    g, f = sort2(g, f)
    return a, b, c, d, e, g, f
