"""The reference: OpenCV called directly gives the same bits."""

import sys

import cv2
import numpy as np
import pytest

from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.tfrecords.flow.opencv import import_optflow
from tests.tfrecords.flow.scenes import opencv_flow, rotation

DEFAULT = FlowRecipe(backend="opencv")
OTHER = FlowRecipe(
    backend="opencv",
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


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [(DEFAULT, FlowRecipe()), (OTHER, OTHER)],
    ids=["default", "other"],
)
def test_tvl1(recipe, expected):
    """The default recipe is OpenCV's own, untouched."""
    frames, _ = rotation(40, 56)
    np.testing.assert_array_equal(
        tvl1_flow(frames, recipe)[0], opencv_flow(*frames, expected)
    )


def test_dis():
    frames, _ = rotation(40, 56)
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = tvl1_flow(frames, FlowRecipe(algorithm="dis"))
    np.testing.assert_array_equal(flow[0], solver.calc(*frames, None))


def test_farneback():
    """OpenCV's function, with the defaults of its class spelled out."""
    frames, _ = rotation(40, 56)
    expected = cv2.calcOpticalFlowFarneback(
        *frames,
        None,
        pyr_scale=0.5,
        levels=5,
        winsize=13,
        iterations=10,
        poly_n=5,
        poly_sigma=1.1,
        flags=0,
    )
    flow = tvl1_flow(frames, FlowRecipe(algorithm="farneback"))
    np.testing.assert_array_equal(flow[0], expected)


def test_an_opencv_without_its_contrib_part_is_told(monkeypatch):
    monkeypatch.delattr(cv2, "optflow")
    with pytest.raises(UserError, match="pip install opencv-contrib-python"):
        import_optflow()


@pytest.mark.parametrize("algorithm", ["tvl1", "dis", "farneback"])
def test_a_missing_opencv_is_told(monkeypatch, algorithm):
    backend = "opencv" if algorithm == "tvl1" else "cpu"
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match="OpenCV is not installed: run `pip"):
        tvl1_flow(
            np.zeros((2, 16, 16), np.uint8),
            FlowRecipe(algorithm=algorithm, backend=backend),
        )
