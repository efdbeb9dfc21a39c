"""The section's numbers, for flows that are known."""

import base64
import io
import re
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from d3d_tf.config import FlowRecipe
from d3d_tf.report import flow_section as module
from d3d_tf.report.flow_section import flow_section
from tests.harness import moving_texture

# The quality of the solvers is tested elsewhere.
QUICK = FlowRecipe(scales=2, warps=2, outer_iterations=2)


def pixels(figure):
    """The figure's picture, uint8 `[height, width, 3]`."""
    encoded = figure["picture"].removeprefix("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))


def titles(section):
    return [[figure["title"] for figure in step] for step in section["steps"]]


@pytest.fixture
def known_flows(monkeypatch):
    """Ours is (2, 0) everywhere; the reference too, but for the top.

    It is 0.3 px off in a quarter of the rows.
    """
    asked = []

    def tvl1_flow(frames, recipe):
        asked.append((frames, recipe))
        flow = np.zeros((len(frames) - 1, *frames.shape[1:3], 2), np.float32)
        flow[..., 0] = 2
        if recipe.backend == "opencv":
            flow[:, :8, :, 1] = 0.3
        return flow

    monkeypatch.setattr(module, "tvl1_flow", tvl1_flow)
    return asked


def test_pairs_are_spread_over_the_clip(known_flows):
    """Of 9 frames the first, the middle and the last pair; stored beside."""
    frames, stored = moving_texture(9, 32, 40, (2, 0))
    section = flow_section(frames, stored, FlowRecipe())
    names = [
        "stored flow",
        "computed again (cpu)",
        "OpenCV's TV-L1",
        "difference",
    ]
    assert titles(section) == [
        [f"frame {number} of 9", *names] for number in (1, 5, 8)
    ]
    assert section["missing"] is None
    for index, (pair, _) in zip((0, 4, 7) * 2, known_flows, strict=True):
        np.testing.assert_array_equal(pair, frames[index : index + 2])


@pytest.mark.parametrize(("length", "steps"), [(2, 1), (3, 2), (4, 3)])
def test_a_short_clip_has_fewer_pairs(known_flows, length, steps):
    frames, stored = moving_texture(length, 32, 40, (2, 0))
    assert len(flow_section(frames, stored, QUICK)["steps"]) == steps


def test_a_single_frame_has_no_section():
    assert flow_section(*moving_texture(1, 32, 40, (2, 0)), QUICK) is None


def test_the_difference_is_that_of_ours_and_the_reference(known_flows):
    """0.3 px in 8 of 32 rows: mean 0.3 / 4; whatever the records hold."""
    frames, stored = moving_texture(4, 32, 40, (2, 0))
    section = flow_section(frames, stored + 5, FlowRecipe())
    words = "mean 0.075 px, 99th percentile 0.300 px"
    assert section["difference"] == words
    assert [step[-1]["caption"] for step in section["steps"]] == [words] * 3
    # 160 x 128 on the page; black where there is none, else 60 % of the way.
    picture = pixels(section["steps"][0][-1]).astype(int)
    assert picture.shape == (128, 160, 3)
    assert picture[64:].max() < 8
    assert picture[:28].min(axis=(0, 1)) == pytest.approx(
        [222, 73, 104],  # magma at 0.6, from its table in matplotlib.
        abs=6,
    )


def test_tiny_differences_are_not_shown_as_none(known_flows, monkeypatch):
    flow = module.tvl1_flow
    monkeypatch.setattr(
        module,
        "tvl1_flow",
        lambda f, r: flow(f, FlowRecipe()) + 1e-5 * (r.backend == "opencv"),
    )
    section = flow_section(*moving_texture(3, 32, 40, (2, 0)), FlowRecipe())
    assert (
        section["difference"] == "mean < 0.001 px, 99th percentile < 0.001 px"
    )


def test_the_scale_is_that_of_nearly_all_vectors(known_flows):
    """Stored (3, 4) in half of the picture: 5 px; the others have 2 px.

    One vector of 3 * 1280, less than a hundredth, is faster.
    """
    frames, _ = moving_texture(2, 32, 40, (2, 0))
    stored = np.zeros((2, 32, 40, 2), np.float32)
    stored[:, 16:] = (3, 4)
    stored[:, 0, 0] = 400
    section = flow_section(frames, stored, FlowRecipe())
    assert section["full"] == 5
    # To the right with 2 of 5 px: red, 255 (1 - 2 / 5) of the others.
    colour = pixels(section["steps"][0][2])[64, 80]
    assert colour.tolist() == [255, 153, 153]


def test_noise_of_a_still_clip_stays_pale(known_flows, monkeypatch):
    monkeypatch.setattr(
        module, "tvl1_flow", lambda frames, _: np.zeros((1, 32, 40, 2))
    )
    frames, _ = moving_texture(2, 32, 40, (0, 0))
    noise = np.full((2, 32, 40, 2), 0.01)
    section = flow_section(frames, noise, FlowRecipe())
    assert section["full"] == 0.1
    assert pixels(section["steps"][0][1]).min() > 200


def numbers(caption):
    return [float(n) for n in re.findall(r"\d+\.\d", caption)]


def test_the_right_flow_leaves_little(known_flows):
    """Whole pixels: nothing is left; what it was, by hand."""
    frames, stored = moving_texture(2, 32, 40, (2, 0))
    section = flow_section(frames, stored, FlowRecipe())
    left, before, reverse = numbers(section["steps"][0][1]["caption"])
    assert left == 0.0
    # (2, 0), (-2, 0) and (0, 2) lead outside at the sides and below.
    grey = np.float64(frames) @ [0.299, 0.587, 0.114]
    expected = np.abs(grey[1] - grey[0])[:-2, 2:-2].mean()
    assert before == pytest.approx(expected, abs=0.06)
    assert reverse > before


def test_a_flow_that_leads_outside_has_no_numbers(known_flows):
    frames, stored = moving_texture(2, 32, 40, (2, 0))
    section = flow_section(frames, stored + 100, FlowRecipe())
    caption = section["steps"][0][1]["caption"]
    assert caption == "leads outside the picture"


@pytest.mark.parametrize(
    ("recipe", "title"),
    [
        (FlowRecipe(algorithm="dis"), "computed again (dis)"),
        (FlowRecipe(backend="tensorflow"), "computed again (tensorflow)"),
        (FlowRecipe(tau=0.2), "computed again (cpu)"),
    ],
)
def test_the_reference_is_always_opencvs_tvl1(known_flows, recipe, title):
    frames, stored = moving_texture(2, 32, 40, (2, 0))
    section = flow_section(frames, stored, recipe)
    assert titles(section)[0][2:4] == [title, "OpenCV's TV-L1"]
    assert section["algorithm"] == recipe.algorithm
    (_, ours), (_, reference) = known_flows
    assert ours == recipe
    assert reference == FlowRecipe(
        algorithm="tvl1", backend="opencv", tau=recipe.tau
    )


def test_imported_flow_is_itself_compared(known_flows):
    """Nothing can compute it again."""
    frames, stored = moving_texture(2, 32, 40, (2, 0.4))
    recipe = FlowRecipe(algorithm="imported", imported_codec="tool")
    section = flow_section(frames, stored, recipe)
    assert titles(section) == [
        ["frame 1 of 2", "stored flow", "OpenCV's TV-L1", "difference"]
    ]
    # A quarter of the rows is 0.1 px off, the others 0.4.
    assert section["difference"] == "mean 0.325 px, 99th percentile 0.400 px"
    assert [asked.algorithm for _, asked in known_flows] == ["tvl1"]


def test_with_the_real_solvers():
    """Both see the motion; they differ by far less than by it."""
    frames, stored = moving_texture(2, 32, 40, (1, 0.5))
    section = flow_section(frames, stored, QUICK)
    mean, _ = re.findall(r"[\d.]+(?= px)", section["difference"])
    assert float(mean) < 0.1
    for figure in section["steps"][0][1:4]:
        left, before, reverse = numbers(figure["caption"])
        assert left < before < reverse


def without_optflow(monkeypatch):
    monkeypatch.delattr(cv2, "optflow")


def without_opencv(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)


def without_numba(monkeypatch):
    name = "d3d_tf.tfrecords.flow"
    monkeypatch.delattr(f"{name}.tvl1_cpu", raising=False)
    monkeypatch.setitem(sys.modules, f"{name}.tvl1_cpu", None)


@pytest.mark.parametrize(
    ("remove", "reason"),
    [
        (without_optflow, "has no cv2.optflow"),
        (without_opencv, "OpenCV is not installed"),
        (without_numba, "tvl1_cpu"),
    ],
)
def test_without_a_library_the_stored_flow_is_shown(
    monkeypatch, remove, reason
):
    remove(monkeypatch)
    frames, stored = moving_texture(2, 32, 40, (2, 0))
    section = flow_section(frames, stored, QUICK)
    assert titles(section) == [["frame 1 of 2", "stored flow"]]
    assert section["difference"] is None
    assert reason in section["missing"]
    assert numbers(section["steps"][0][1]["caption"])[0] == 0.0
