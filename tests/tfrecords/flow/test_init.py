"""What every flow is, whatever computes it."""

import importlib.metadata

import cv2
import numba
import numpy as np
import pytest

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow import flow_library, tvl1_flow

OTHERS = [
    FlowRecipe(),
    FlowRecipe(backend="opencv"),
    FlowRecipe(algorithm="dis"),
    FlowRecipe(algorithm="farneback"),
]
NAMES = ["cpu", "opencv", "dis", "farneback"]


@pytest.mark.parametrize("recipe", OTHERS, ids=NAMES)
@pytest.mark.parametrize(("u", "v"), [(2, 0), (0, -3), (-1.5, 0.75)])
def test_flow_is_the_motion_of_a_texture(texture, recipe, u, v):
    """In the middle, where nothing enters the picture, to 0.2 px."""
    frames = np.stack([texture(48, 64, i * u, i * v) for i in range(3)])
    flow = tvl1_flow(frames, recipe)
    assert flow.shape == (2, 48, 64, 2)
    assert flow.dtype == np.float32
    middle = flow[:, 12:-12, 12:-12]
    assert np.abs(middle - (u, v)).mean() < 0.2


@pytest.mark.parametrize("recipe", OTHERS, ids=NAMES)
def test_every_frame_goes_with_the_next(texture, recipe):
    """Positions 0, 1, 1, -1: motions 1, 0, -2."""
    frames = np.stack([texture(32, 32, x, 0) for x in (0, 1, 1, -1)])
    flow = tvl1_flow(frames, recipe)
    np.testing.assert_allclose(
        flow[:, 8:-8, 8:-8, 0].mean(axis=(1, 2)), [1, 0, -2], atol=0.2
    )
    assert np.abs(flow[1]).mean() < 0.02


def test_colours_become_grey_as_opencv_does_it(texture):
    """Red, green and blue differ; their order matters."""
    frames = np.stack([texture(32, 40, 2 * i, -i) for i in range(3)])
    grey = np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames])
    flow = tvl1_flow(frames)
    np.testing.assert_array_equal(flow, tvl1_flow(grey))
    assert np.any(flow != tvl1_flow(frames[..., ::-1]))


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


@pytest.mark.parametrize(
    "field", [k for k, v in vars(OTHER).items() if v != vars(FlowRecipe())[k]]
)
def test_every_parameter_reaches_the_solver(texture, field):
    """One other value, and the flow is another.

    From rough to fine, so that no stage is left out by an early end.
    """
    rng = np.random.default_rng(1)
    first = rng.integers(0, 256, (32, 32)).astype(np.uint8)
    second = cv2.GaussianBlur(texture(32, 32, 2, 1), (0, 0), 1)[..., 0]
    frames = np.stack([first, second])
    changed = FlowRecipe(**{field: getattr(OTHER, field)})
    assert np.any(tvl1_flow(frames) != tvl1_flow(frames, changed))


@pytest.mark.parametrize("recipe", OTHERS, ids=NAMES)
def test_the_saturation_plays_no_part(texture, recipe):
    frames = np.stack([texture(32, 32, 3 * i, 0) for i in range(2)])
    small = FlowRecipe(**vars(recipe) | {"saturation": 0.5})
    np.testing.assert_array_equal(
        tvl1_flow(frames, small), tvl1_flow(frames, recipe)
    )


@pytest.mark.parametrize("recipe", OTHERS, ids=NAMES)
def test_a_single_frame_has_no_flow(recipe):
    frames = np.zeros((1, 20, 30, 3), np.uint8)
    flow = tvl1_flow(frames, recipe)
    assert flow.shape == (0, 20, 30, 2)
    assert flow.dtype == np.float32


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (np.zeros((2, 32, 32, 3), np.float32), "float32"),
        (np.zeros((32, 32), np.uint8), r"\(32, 32\)"),
        (np.zeros((2, 15, 32), np.uint8), "at least 16 x 16"),
        (np.zeros((2, 32, 15, 3), np.uint8), "at least 16 x 16"),
        (np.zeros((0, 32, 32), np.uint8), "at least one"),
        (np.zeros((2, 32, 32, 1), np.uint8), r"\(2, 32, 32, 1\)"),
        (np.zeros((2, 32, 32, 4), np.uint8), r"\(2, 32, 32, 4\)"),
        (np.zeros((2, 16, 8193), np.uint8), "8193.*short_side"),
    ],
)
def test_wrong_frames_are_refused(frames, expected):
    with pytest.raises(ValueError, match=expected):
        tvl1_flow(frames)


def test_the_library_is_named_with_its_version():
    """Ours by its own and the compiler's version, OpenCV's by its own."""
    ours = f"d3d_tf tvl1 3, numba {numba.__version__}"
    assert flow_library(FlowRecipe()) == ours
    tensorflow = importlib.metadata.version("tensorflow")
    assert (
        flow_library(FlowRecipe(backend="tensorflow"))
        == f"d3d_tf tvl1 1, tensorflow {tensorflow}"
    )
    for recipe in OTHERS[1:]:
        assert flow_library(recipe) == f"opencv {cv2.__version__}"
    imported = FlowRecipe(algorithm="imported", imported_codec="mars")
    assert flow_library(imported) == "mars, imported"
