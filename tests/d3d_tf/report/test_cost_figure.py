"""The figure shows what it is given; seen by eye, too."""

import pytest

from d3d_tf.report.cost_figure import Point, draw


def point(network, views, value):
    return Point(
        network=network,
        name=f"name of {network}",
        views=views,
        multiply_adds=views * 2_000_000_000,
        value=value,
        interval=(value - 5, value + 5),
        unit="top-1, %",
    )


POINTS = [point("a", 1, 71.5), point("a", 3, 73.5), point("b", 10, 60.5)]


def test_what_is_on_it():
    """SVG keeps words as shapes with a comment of the text."""
    picture = draw(POINTS, "svg").decode()
    for text in (
        *("name of a", "name of b", "top-1, %"),
        "G multiply-adds per video",
    ):
        assert picture.count(f"<!-- {text}") >= 1
    # A name once, in the one legend; views beside each point.
    assert picture.count("<!-- name of a -->") == 1
    assert "<!-- 3 -->" in picture
    # The dearest point has 20 G: both axes go as far.
    assert picture.count("<!-- 20 -->") + picture.count("<!-- 20.0 -->") >= 1
    assert "<!-- 2 -->" in picture


@pytest.mark.parametrize(
    "kind, start", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_the_same_points_are_the_same_file(kind, start):
    picture = draw(POINTS, kind)
    assert picture.startswith(start)
    assert draw(POINTS, kind) == picture


def test_a_value_at_the_end_of_its_interval():
    """Rounding may put 100 % above an interval that ends there."""
    whole = POINTS[0]._replace(value=100.00001, interval=(99.0, 100.0))
    assert draw([whole], "png")
