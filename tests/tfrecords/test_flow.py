"""TV-L1 against a known motion and against OpenCV called directly."""

import sys

import cv2
import numpy as np
import pytest

from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.flow import import_optflow, tvl1_flow


@pytest.mark.parametrize(
    ("u", "v"), [(2, 0), (0, -3), (-1.5, 0.75), (0.3, 0.2), (4, 4)]
)
def test_flow_is_the_motion_of_a_texture(texture, u, v):
    """In the middle, where nothing enters the picture, to 0.1 px."""
    frames = np.stack([texture(48, 64, i * u, i * v) for i in range(3)])
    flow = tvl1_flow(frames)
    assert flow.shape == (2, 48, 64, 2)
    assert flow.dtype == np.float32
    middle = flow[:, 12:-12, 12:-12]
    assert np.abs(middle - (u, v)).mean() < 0.1


def test_every_frame_goes_with_the_next(texture):
    """Positions 0, 1, 1, -1: motions 1, 0, -2."""
    frames = np.stack([texture(32, 32, x, 0) for x in (0, 1, 1, -1)])
    flow = tvl1_flow(frames)
    np.testing.assert_allclose(
        flow[:, 8:-8, 8:-8, 0].mean(axis=(1, 2)), [1, 0, -2], atol=0.1
    )
    np.testing.assert_array_equal(flow[1], 0.0)


OTHER = FlowRecipe(
    tau=0.2,
    lambda_=0.1,
    theta=0.25,
    scales=3,
    scale_step=0.7,
    warps=2,
    epsilon=0.02,
    inner_iterations=10,
    outer_iterations=4,
    median_filtering=3,
)


def opencv_flow(first, second, recipe):
    solver = cv2.optflow.createOptFlow_DualTVL1()
    if recipe != FlowRecipe():
        solver.setTau(recipe.tau)
        solver.setLambda(recipe.lambda_)
        solver.setTheta(recipe.theta)
        solver.setScalesNumber(recipe.scales)
        solver.setScaleStep(recipe.scale_step)
        solver.setWarpingsNumber(recipe.warps)
        solver.setEpsilon(recipe.epsilon)
        solver.setInnerIterations(recipe.inner_iterations)
        solver.setOuterIterations(recipe.outer_iterations)
        solver.setMedianFiltering(recipe.median_filtering)
    return solver.calc(first, second, None)


@pytest.mark.parametrize("recipe", [FlowRecipe(), OTHER], ids=["cv2", "other"])
def test_flow_is_that_of_opencv(texture, recipe):
    """The default recipe is OpenCV's own, untouched."""
    frames = np.stack([texture(40, 56, 2 * i, -i) for i in range(3)])
    grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]
    expected = np.stack(
        [opencv_flow(grey[i], grey[i + 1], recipe) for i in range(2)]
    )
    np.testing.assert_array_equal(tvl1_flow(frames, recipe), expected)
    np.testing.assert_array_equal(tvl1_flow(np.stack(grey), recipe), expected)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (name, getattr(OTHER, name))
        for name in vars(OTHER)
        if name not in ("algorithm", "saturation")
    ],
)
def test_every_parameter_reaches_the_solver(texture, field, value):
    """One other value, and the flow is another; that of the test above.

    From rough to fine, so that no stage is left out by an early end.
    """
    rng = np.random.default_rng(1)
    first = rng.integers(0, 256, (32, 32)).astype(np.uint8)
    second = cv2.GaussianBlur(texture(32, 32, 2, 1), (0, 0), 1)[..., 0]
    frames = np.stack([first, second])
    changed = FlowRecipe(**{field: value})
    assert np.any(tvl1_flow(frames) != tvl1_flow(frames, changed))


def test_the_saturation_plays_no_part(texture):
    frames = np.stack([texture(32, 32, 3 * i, 0) for i in range(2)])
    np.testing.assert_array_equal(
        tvl1_flow(frames, FlowRecipe(saturation=0.5)), tvl1_flow(frames)
    )


def test_a_single_frame_has_no_flow():
    frames = np.zeros((1, 20, 30, 3), np.uint8)
    assert tvl1_flow(frames).shape == (0, 20, 30, 2)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (np.zeros((2, 32, 32, 3), np.float32), "float32"),
        (np.zeros((32, 32), np.uint8), r"\(32, 32\)"),
        (np.zeros((2, 15, 32), np.uint8), "at least 16 x 16"),
        (np.zeros((2, 32, 15, 3), np.uint8), "at least 16 x 16"),
    ],
)
def test_wrong_frames_are_refused(frames, expected):
    with pytest.raises(ValueError, match=expected):
        tvl1_flow(frames)


def test_the_smallest_frames_are_accepted():
    flow = tvl1_flow(np.zeros((2, 16, 16), np.uint8))
    np.testing.assert_array_equal(flow, np.zeros((1, 16, 16, 2)))


def test_an_opencv_without_its_contrib_part_is_told(monkeypatch):
    monkeypatch.delattr(cv2, "optflow")
    with pytest.raises(UserError, match="pip install opencv-contrib-python"):
        import_optflow()


def test_a_missing_opencv_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match="OpenCV is not installed: run `pip"):
        tvl1_flow(np.zeros((2, 16, 16), np.uint8))
