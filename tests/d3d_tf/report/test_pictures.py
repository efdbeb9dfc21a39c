"""Pictures are decoded again and looked at."""

import base64
import io
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from d3d_tf.report.pictures import (
    class_bars,
    clip_picture,
    curves,
    flow_to_rgb,
    flow_wheel,
    heat_to_rgb,
    still_picture,
)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("vector", "colour"),
    [
        # Hue is the angle; fully saturated, value 1 (HSV by hand).
        ((1, 0), (255, 0, 0)),  # right, 0 degrees: red
        ((0, 1), (128, 255, 0)),  # down, 90: between yellow and green
        ((-1, 0), (0, 255, 255)),  # left, 180: cyan
        ((0, -1), (128, 0, 255)),  # up, 270: between blue and magenta
        ((0, 0), (255, 255, 255)),  # no motion: white
        ((0.5, 0), (255, 128, 128)),  # half saturated
        ((3, 0), (255, 0, 0)),  # beyond `full`
    ],
)
def test_colours_by_hand(vector, colour):
    flow = np.full((2, 3, 2), vector, np.float32)
    rgb = flow_to_rgb(flow, full=1.0)
    assert rgb.shape == (2, 3, 3)
    assert rgb.dtype == np.uint8
    # 127.5 may be rounded to either side.
    assert np.abs(rgb.astype(int) - colour).max() <= 1


def test_by_default_the_largest_vector_is_fully_saturated():
    rgb = flow_to_rgb(np.array([[8.0, 0.0], [4.0, 0.0]]))
    assert np.abs(rgb.astype(int) - [[255, 0, 0], [255, 128, 128]]).max() <= 1


def test_a_still_clip_is_white():
    assert (flow_to_rgb(np.zeros((4, 5, 5, 2), np.float32)) == 255).all()


def test_the_wheel_shows_every_direction_where_it_leads():
    """Red at the right rim, yellow-green below, ...; white in the middle."""
    wheel = flow_wheel(101).astype(int)
    assert wheel.shape == (101, 101, 3)
    for (x, y), colour in {
        (100, 50): (255, 0, 0),
        (50, 100): (128, 255, 0),
        (0, 50): (0, 255, 255),
        (50, 0): (128, 0, 255),
        (50, 50): (255, 255, 255),
        (75, 50): (255, 128, 128),  # Half way: half saturated.
        (0, 0): (255, 255, 255),  # Outside the disc.
    }.items():
        assert np.abs(wheel[y, x] - colour).max() <= 1


def test_heat_is_black_at_zero_and_ends_at_full():
    """The first and the last colour of magma, from matplotlib's table."""
    rgb = heat_to_rgb(np.array([[0.0, 2.0, 9.0]]), full=2.0)
    assert rgb.dtype == np.uint8
    assert rgb.tolist() == [[[0, 0, 4], [252, 253, 191], [252, 253, 191]]]


def test_heat_in_other_colours():
    """The first and the last colour of turbo, from matplotlib's table."""
    rgb = heat_to_rgb(np.array([0.0, 1.0]), 1.0, "turbo")
    assert rgb.tolist() == [[48, 18, 59], [122, 4, 3]]


def test_a_still_picture_that_is_small():
    uri = still_picture(np.full([4, 4, 3], 90, np.uint8), 8, "webp")
    found = frames_of(uri)
    assert found.shape == (1, 8, 8, 3)
    np.testing.assert_allclose(found, 90, atol=2)


def test_a_still_picture_is_lossless_and_enlarged():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 3))
    uri = still_picture(pixels.astype(np.uint8), width=8)
    prefix = "data:image/png;base64,"
    assert uri.startswith(prefix)
    picture = Image.open(io.BytesIO(base64.b64decode(uri[len(prefix) :])))
    np.testing.assert_array_equal(
        np.asarray(picture), np.kron(pixels, np.ones((2, 2, 1), int))
    )


def frames_of(uri):
    prefix = "data:image/webp;base64,"
    assert uri.startswith(prefix)
    picture = Image.open(io.BytesIO(base64.b64decode(uri[len(prefix) :])))
    frames = []
    for i in range(picture.n_frames):
        picture.seek(i)
        frames.append(np.asarray(picture.convert("RGB")))
    return np.stack(frames)


def grey_clip(length, height, width):
    """Frame i has the grey level 10 i; the motion is to the right."""
    frames = np.zeros((length, height, width, 3), np.uint8)
    frames += (10 * np.arange(length, dtype=np.uint8))[:, None, None, None]
    flow = np.zeros((length, height, width, 2), np.float32)
    flow[..., 0] = 1.0
    return frames, flow


def test_a_clip_plays_beside_its_flow():
    """40 x 80 pixels, 160 wide on the page: 80 high, and twice as wide."""
    played = frames_of(clip_picture(*grey_clip(6, 40, 80)))
    assert played.shape == (6, 80, 320, 3)
    left, right = played[:, 8:-8, 8:152], played[:, 8:-8, 168:-8]
    levels = left.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(levels, 10 * np.arange(6), atol=4)
    np.testing.assert_allclose(right.mean(axis=(0, 1, 2)), [255, 0, 0], atol=6)


@pytest.mark.parametrize(
    ("length", "played"),
    [(24, range(24)), (25, range(0, 25, 2)), (49, range(0, 49, 3))],
)
def test_long_clips_are_thinned_evenly(length, played):
    """At most 24: every second of 25, every third of 49 (49 / 2 > 24)."""
    frames, flow = grey_clip(length, 16, 16)
    frames[:] = (5 * np.arange(length, dtype=np.uint8))[:, None, None, None]
    levels = frames_of(clip_picture(frames, flow))[:, 20:-20, 20:140]
    np.testing.assert_allclose(
        levels.mean(axis=(1, 2, 3)), [5 * i for i in played], atol=4
    )


def line_points(svg):
    """Of each curve in an SVG, its points `[n, 2]`, y downwards."""
    root = ElementTree.fromstring(svg)
    lines = []
    for path in root.iter(f"{SVG}path"):
        numbers = re.findall(r"-?\d+\.?\d*", path.get("d", ""))
        style = path.get("style", "")
        # The grid is grey (#b0b0b0) and fainter.
        if path.get("clip-path") and "#b0b0b0" not in style:
            lines.append(np.array(numbers, float).reshape(-1, 2))
    return lines


def test_curves_show_their_data():
    """Affine maps of (step, log loss): equal ratios of differences.

    From 4 to 2 and from 2 to 1 are steps of equal height on a log scale.
    """
    histories = {
        "teacher": {"step": [10, 20, 40], "loss": [4.0, 2.0, 1.0]},
        "A <b> & co": {"step": [10, 20, 40], "loss": [1.0, 3.0, 3.0]},
    }
    svg = curves(histories, "loss", "loss")
    assert svg.startswith("<svg")
    first, second = line_points(svg)
    (dx1, dy1), (dx2, dy2) = np.diff(first, axis=0)
    assert dx2 / dx1 == pytest.approx(2.0, abs=1e-3)
    assert dy2 / dy1 == pytest.approx(1.0, abs=1e-3)
    assert dy1 > 0  # The loss falls.
    (_, dy1), (_, dy2) = np.diff(second, axis=0)
    assert dy1 < 0
    assert dy2 == pytest.approx(0.0, abs=1e-3)


def test_a_curve_of_held_out_videos_is_beside_its_network():
    """Half the loss, so lower by one constant; a stop has none."""
    steps = {"step": [10, 20, 40]}
    losses = {"loss": [4.0, 2.0, 1.0], "val_loss": [2.0, 1.0, 0.5]}
    svg = curves({"A": steps | losses}, "loss", "loss")
    own, held_out = line_points(svg)
    np.testing.assert_allclose(np.diff(own - held_out, axis=0), 0, atol=0.01)
    assert held_out[0, 1] > own[0, 1] + 1  # Lower is more in SVG.
    assert "A, held-out videos" in svg
    losses["val_loss"][2] = math.nan
    assert len(line_points(curves({"A": steps | losses}, "loss", "l"))[1]) == 2


def test_the_best_and_the_worst_classes_are_drawn():
    """Of 60: 25 at either end, the largest on top."""
    svg = class_bars({f"class {i:02d}": float(i) for i in range(60)}, "top-1")
    names = re.findall(r"<!-- (class \d+|\.\.\.) -->", svg)
    assert names == [
        *(f"class {i:02d}" for i in range(59, 34, -1)),
        "...",
        *(f"class {i:02d}" for i in range(24, -1, -1)),
    ]


def test_few_classes_are_all_drawn():
    svg = class_bars({"b": 1.0, "a": 1.0, "c": 2.0}, "top-1")
    assert re.findall(r"<!-- ([abc]) -->", svg) == ["c", "a", "b"]
