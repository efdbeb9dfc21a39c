"""What the page says, and its strips."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from d3d_tf.config import ExplainRecipe
from d3d_tf.explain.page import WIDTH, write_page
from tests.d3d_tf.explain.test_drawing import (
    TOP,
    clip,  # noqa: F401
    explained,
)


@pytest.fixture
def page(tmp_path, clip):  # noqa: F811
    def make(**settings):
        found = [
            explained(tmp_path, "<one>", (TOP, TOP)),
            explained(tmp_path, "other", (slice(0), slice(0))),
        ]
        path = tmp_path / "explain.html"
        settings = ExplainRecipe(**settings)
        write_page(path, "<v>.mp4", clip, found, ["x & y"], settings)
        return path.read_text()

    return make


def test_numbers_names_and_identity(page):
    text = page()
    assert "&lt;v&gt;.mp4" in text and "<h2>x &amp; y</h2>" in text
    assert "&lt;one&gt;: D3D (student): 75.0 %<" in text
    assert "other: D3D (student): 75.0 %; no place speaks for it" in text
    assert text.count("a (1 x 2 x 2)") == 2  # Endpoint and its grid.
    assert "1f1f1f1f1f1f1f1f" in text and "s3dg" in text
    assert re.findall("<span>(.*?)</span>", text) == ["0.08 s", "0.16 s"]
    assert "http" not in text  # Self-contained.


@pytest.mark.parametrize(
    "method, words, other",
    [
        ("gradcampp", "with 1e-06 in the denominator", "Grad-CAM ("),
        ("gradcampp_eps0", "Grad-CAM++ (", "1e-06"),
        ("gradcam", "Grad-CAM (", "1e-06"),
    ],
)
def test_the_method_is_said(page, method, words, other):
    text = page(method=method)
    assert words in text and f"explain.method={method}" in text
    assert other not in text


def test_the_scale_is_said(page):
    assert "most of each frame:" in page()
    assert "most of each clip:" in page(scale="clip")


def test_strips_show_the_frames_and_the_maps(page):
    """Two frames, grey 20 and 40; the first map is above left."""
    uris = re.findall(r"data:image/webp;base64,([^\"]+)", page())
    frames, one, other = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(uri))), float)
        for uri in uris
    )
    assert frames.shape == (WIDTH, 2 * WIDTH, 3)
    means = [half.mean() for half in np.split(frames, 2, axis=1)]
    np.testing.assert_allclose(means, [20, 40], atol=4)
    for strip, red in ((one, True), (other, False)):
        for half in np.split(strip, 2, axis=1):
            above = half[8:56, 8:56].mean((0, 1))
            below = half[72:120, 72:120].mean((0, 1))
            assert (above[0] > above[2]) == red
            assert below[2] > below[0]
