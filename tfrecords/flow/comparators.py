"""Sorting and merging by comparisons of pairs, without branches.

The numbers may be vectors of pixels: every function is a fixed sequence of
minima and maxima. Merging is Batcher's: what stands at even places and what
stands at odd ones is merged by itself, and then neighbours are compared. What
nobody uses of a result, the compiler does not compute.
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
    return _merge_2_2(sort2(a, b), sort2(c, d))


@inline
def insert(four, new):
    """A number among four sorted ones: five, sorted."""
    a, new = sort2(four[0], new)
    b, new = sort2(four[1], new)
    c, new = sort2(four[2], new)
    d, new = sort2(four[3], new)
    return a, b, c, d, new


@inline
def merge_4_4(first, second):
    """Four and four sorted numbers, merged."""
    even = _merge_2_2(first[::2], second[::2])
    odd = _merge_2_2(first[1::2], second[1::2])
    return (
        (even[0],)
        + sort2(odd[0], even[1])
        + sort2(odd[1], even[2])
        + sort2(odd[2], even[3])
        + (odd[3],)
    )


@inline
def middle_10_of_8_8(first, second):
    """Of eight and eight sorted numbers those with three below and above."""
    even = merge_4_4(first[::2], second[::2])
    odd = merge_4_4(first[1::2], second[1::2])
    return (
        sort2(odd[1], even[2])
        + sort2(odd[2], even[3])
        + sort2(odd[3], even[4])
        + sort2(odd[4], even[5])
        + sort2(odd[5], even[6])
    )


@inline
def middle_6_of_10_4(ten, four):
    """Of ten and four sorted numbers those with four below and above."""
    even = _merge_5_2(ten[::2], four[::2])
    odd = _merge_5_2(ten[1::2], four[1::2])
    return (
        (max(odd[1], even[2]),)
        + sort2(odd[2], even[3])
        + sort2(odd[3], even[4])
        + (min(odd[4], even[5]),)
    )


@inline
def median_of_6_5(six, five):
    """The middle one of six and five sorted numbers.

    The sixth of all is the least number that is not under some i of the six
    and 6 - i of the five.
    """
    low = min(max(six[0], five[4]), max(six[1], five[3]))
    middle = min(max(six[2], five[2]), max(six[3], five[1]))
    return min(min(low, middle), min(max(six[4], five[0]), six[5]))


@inline
def _merge_2_2(first, second):
    a, c = sort2(first[0], second[0])
    b, d = sort2(first[1], second[1])
    b, c = sort2(c, b)
    return a, b, c, d


@inline
def _merge_5_2(five, two):
    # Of 0, 2, 4 with 0, and of 1, 3 with 1.
    a, c = sort2(five[0], two[0])
    c, e = sort2(five[2], c)
    e, g = sort2(five[4], e)
    b, d = sort2(five[1], two[1])
    d, f = sort2(five[3], d)
    return (a,) + sort2(b, c) + sort2(d, e) + sort2(f, g)
