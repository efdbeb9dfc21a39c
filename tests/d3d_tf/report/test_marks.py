"""Where lines and words are, on black pictures."""

import numpy as np
import pytest

from d3d_tf.report.marks import Mark, marked, titled

RED, BLUE = "#ff0000", "#0000ff"


def places(pixels, channel):
    """(first row, last, first column, last) of a colour."""
    rows, columns = np.nonzero(pixels[..., channel] > 100)
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize("shape, line", [((100, 200), 2), ((800, 1200), 4)])
def test_lines(shape, line):
    """A 200th of the short side, and 2 pixels at least."""
    height, width = shape
    mark = Mark((0.25, 0.5, 0.75, 0.75), RED)
    pixels = marked(np.zeros([*shape, 3], np.uint8), [mark])
    assert pixels.shape == (*shape, 3) and pixels.dtype == np.uint8
    top, bottom = height // 4, 3 * height // 4 - 1
    left, right = width // 2, 3 * width // 4 - 1
    assert places(pixels, 0) == (top, bottom, left, right)
    row = pixels[height // 2, :, 0] > 100
    assert row.sum() == 2 * line
    assert row[left : left + line].all()


@pytest.mark.parametrize(
    "box, where",
    [
        # There is room in it.
        ((0.1, 0.1, 0.9, 0.9), "in"),
        ((0.5, 0.4, 0.6, 0.5), "above"),
        ((0.0, 0.4, 0.1, 0.5), "below"),
    ],
)
def test_words(box, where):
    blank = np.zeros([400, 600, 3], np.uint8)
    plain, written = (
        marked(blank, [Mark(box, RED, text)]) for text in ("", "run 97 %\nsit")
    )
    top, bottom, left, _ = places(np.where(plain, 0, written), 0)
    y1, x1, y2, _ = np.multiply(box, [400, 600] * 2)
    assert {
        "in": y1 < top < bottom < y2,
        "above": bottom < y1,
        "below": y2 <= top,
    }[where]
    assert x1 <= left <= x1 + 10
    # Two lines of a 24th of the height.
    assert 20 < bottom - top < 40


@pytest.mark.parametrize("box", [(0.0, 0.9, 0.05, 1), (0.95, 0.95, 1, 1)])
def test_words_stay_in_the_picture(box):
    """Of 240 pixels: letters are 12 high, whatever the size."""
    blank = np.zeros([240, 360, 3], np.uint8)

    def letters(place):
        """How many pixels of them there are."""
        plain, written = (
            marked(blank, [Mark(place, RED, text)]) for text in ("", "talk to")
        )
        return ((written > 100) & (plain == 0)).sum()

    whole = letters((0.5, 0.1, 0.55, 0.15))
    assert whole > 50
    assert letters(box) == pytest.approx(whole, rel=0.1)


def test_words_are_on_top_of_all_boxes():
    """And are read on their own colour."""
    one, other = (0.0, 0.0, 1.0, 1.0), (0.03, 0.05, 1.0, 1.0)
    white = np.full([200, 200, 3], 255, np.uint8)
    pixels = marked(white, [Mark((0.2, 0.2, 0.9, 0.9), "#ffffff", "sit")] * 2)
    assert pixels.min() < 120
    pixels = marked(white, [Mark(one, RED, "sit"), Mark(other, BLUE)])
    words = pixels[2:20, 2:40]
    assert ((words[..., 0] > 150) & (words[..., 2] < 110)).sum() > 10


@pytest.mark.parametrize("words", ["a", "a line that is longer " * 9, "täß 走"])
def test_a_line_above_a_picture(words):
    pixels = np.full([30, 60, 3], 90, np.uint8)
    found = titled(pixels, words)
    assert found.shape == (30 + 24, 60, 3) and found.dtype == np.uint8
    np.testing.assert_array_equal(found[24:], pixels)
    assert found[:24].min() == 0 and found[:24].max() > 200
