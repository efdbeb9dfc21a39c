"""TV-L1 under XLA, against known motion and OpenCV's DualTVL1."""

import cv2
import numpy as np
import pytest

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow import tvl1_flow, tvl1_tensorflow
from d3d_tf.tfrecords.flow.tvl1_tensorflow import (
    median_filter,
    pairs_at_once,
    tvl1,
    tvl1_pairs,
)
from tests.tfrecords.flow.scenes import (
    distances,
    opencv_flow,
    rotation,
    translation,
    two_layers,
)

DEFAULT = FlowRecipe(backend="tensorflow")
OTHER = FlowRecipe(
    backend="tensorflow",
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
# 24 x 40 has two scales, as has 25 x 41 with the other step; 17 x 19 has one,
# which is quickly compiled.
FINE = 17, 19


# OpenCV 5 warps by the exact flow, OpenCV 4 and we by multiples of 1 / 32 px.
@pytest.mark.card
@pytest.mark.parametrize(
    ("scene", "size", "recipe"),
    [
        (translation, (24, 40), DEFAULT),
        (rotation, (24, 40), DEFAULT),
        (two_layers, (24, 40), DEFAULT),
        (translation, (25, 41), OTHER),
        (two_layers, (25, 41), OTHER),
        (two_layers, FINE, DEFAULT),
    ],
)
def test_flow_is_that_of_opencv_and_as_near_to_the_truth(scene, size, recipe):
    frames, truth = scene(*size)
    expected = opencv_flow(frames[0], frames[1], recipe)
    (flow,) = tvl1(frames, recipe)
    assert flow.dtype == np.float32
    assert distances(flow, expected).mean() <= 0.02
    error, of_opencv = (distances(f, truth).mean() for f in (flow, expected))
    assert error <= 1.02 * of_opencv + 1e-3


@pytest.mark.parametrize("scene", [translation, rotation])
def test_flow_is_the_known_motion(scene):
    """In the middle, where nothing enters the picture, to 0.1 px."""
    frames, truth = scene(24, 40)
    flow = tvl1(frames, DEFAULT)[0]
    assert distances(flow, truth)[6:-6, 6:-6].mean() < 0.1


def test_a_recipe_leads_here():
    frames, _ = translation(24, 40)
    np.testing.assert_array_equal(
        tvl1_flow(frames, DEFAULT), tvl1(frames, DEFAULT)
    )


@pytest.fixture
def three_pairs():
    """At rest, soon found, long sought: first and second, float32."""
    rng = np.random.default_rng(0)
    still = np.full((2, *FINE), 77, np.uint8)
    noise = rng.integers(0, 256, (2, *FINE)).astype(np.uint8)
    pairs = np.stack([still, translation(*FINE)[0], noise])
    return pairs[:, 0].astype(np.float32), pairs[:, 1].astype(np.float32)


def test_a_pair_does_not_see_its_batch(three_pairs):
    """Each pair ends by its own criterion: the same bits as alone."""
    first, second = three_pairs
    together = tvl1_pairs(first, second, DEFAULT).numpy()
    alone = [
        tvl1_pairs(first[i : i + 1], second[i : i + 1], DEFAULT)[0]
        for i in range(3)
    ]
    np.testing.assert_array_equal(together, np.stack(alone))


def test_frames_do_not_see_their_batches(monkeypatch):
    """Four pairs: by one; and by three, where the second batch is filled up."""
    frames = np.stack(
        [
            translation(*FINE, shift=(0.4 * i * i, -0.3 * i))[0][1]
            for i in range(5)
        ]
    )
    expected = tvl1(frames, DEFAULT)
    monkeypatch.setattr(tvl1_tensorflow, "pairs_at_once", lambda *_: 3)
    np.testing.assert_array_equal(tvl1(frames, DEFAULT), expected)


@pytest.mark.parametrize(
    ("size", "gpus", "expected"),
    [
        ((256, 340), 0, 1),
        # 4,194,304 / (256 * 340) = 48.2 and / (2160 * 3840) = 0.5.
        ((256, 340), 1, 48),
        ((2160, 3840), 1, 1),
        ((40, 40), 1, 64),
    ],
)
def test_a_batch_suits_the_device(monkeypatch, size, gpus, expected):
    def devices(kind):
        return ["a device"] * (gpus if kind == "GPU" else 1)

    config = tvl1_tensorflow.tf.config
    monkeypatch.setattr(config, "list_logical_devices", devices)
    assert pairs_at_once(*size) == expected


@pytest.mark.parametrize("grey", [0, 200, 255])
def test_what_does_not_change_does_not_move(grey):
    frames = np.full((3, *FINE), grey, np.uint8)
    np.testing.assert_array_equal(
        tvl1(frames, DEFAULT), np.zeros((2, *FINE, 2))
    )


def test_the_smallest_frames():
    frames, truth = translation(16, 16, shift=(0.6, -0.3))
    middle = tvl1(frames, DEFAULT)[0, 4:-4, 4:-4]
    assert distances(middle, truth[4:-4, 4:-4]).mean() < 0.1


@pytest.mark.parametrize("shift", [(30, 0), (0, -500)])
def test_any_motion_has_a_finite_flow(shift):
    frames, _ = translation(*FINE, shift=shift)
    assert np.isfinite(tvl1(frames, DEFAULT)).all()
    flashes = np.stack([np.zeros_like(frames[0]), np.full_like(frames[0], 255)])
    flashes[:, ::2, 1::3] = frames[:, ::2, 1::3]
    assert np.isfinite(tvl1(flashes, DEFAULT)).all()


def test_a_single_frame_has_no_flow():
    flow = tvl1(np.zeros((1, 24, 40), np.uint8), DEFAULT)
    assert flow.shape == (0, 24, 40, 2)
    assert flow.dtype == np.float32


@pytest.mark.parametrize("size", [1, 3, 5])
def test_the_median_is_exact(size):
    """OpenCV's; of values of which many are equal, too."""
    rng = np.random.default_rng(0)
    planes = rng.normal(0, 3, (2, 19, 23)).astype(np.float32)
    planes[1] = np.rint(planes[1])
    expected = [cv2.medianBlur(plane, size) for plane in planes]
    np.testing.assert_array_equal(median_filter(planes, size), expected)
