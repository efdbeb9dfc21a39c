"""Warping and its check, on textures whose motion is known."""

import math
import subprocess
import sys

import numpy as np
import pytest

from d3d_tf.evaluation import photometric
from d3d_tf.evaluation.photometric import (
    PhotometricCheck,
    photometric_check,
    warp_back,
)
from tests.harness import moving_texture

# 3 rows of 4 pixels: 10 y + x, so a bilinear sample tells its own place.
RAMP = np.float32(10 * np.arange(3)[:, None] + np.arange(4))[None, ..., None]


@pytest.fixture(params=["installed", "own"])
def either(request, monkeypatch):
    """tensorflow-addons where it is installed, and our own warp."""
    if request.param == "own":
        monkeypatch.setattr(photometric, "_addons_warp", lambda: None)


@pytest.mark.parametrize(
    ("u", "v", "expected"),
    [
        (0, 0, [[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]),
        # One to the right: what (x, y) shows was at (x + 1, y).
        (1, 0, [[1, 2, 3, 3], [11, 12, 13, 13], [21, 22, 23, 23]]),
        (0, -1, [[0, 1, 2, 3], [0, 1, 2, 3], [10, 11, 12, 13]]),
        # Between pixels: 10 (y + 0.25) + x + 0.5, at the border clamped.
        (
            0.5,
            0.25,
            [[3, 4, 5, 5.5], [13, 14, 15, 15.5], [20.5, 21.5, 22.5, 23]],
        ),
        (-9, 9, [[20, 20, 20, 20]] * 3),
    ],
)
def test_a_ramp_is_sampled_where_the_flow_leads(either, u, v, expected):
    flow = np.full((1, 3, 4, 2), (u, v), np.float32)
    warped = warp_back(RAMP, flow)
    assert warped.dtype == np.float32
    np.testing.assert_allclose(warped[0, ..., 0], expected, atol=1e-5)


def test_images_and_channels_are_warped_by_their_own_flow(either):
    images = np.concatenate([RAMP, RAMP + 100])
    images = np.concatenate([images, -images], axis=-1)
    flow = np.zeros((2, 3, 4, 2), np.float32)
    flow[1, 2, 0] = (2, -1)
    warped = warp_back(images, flow).numpy()
    assert warped[1, 2, 0].tolist() == [112, -112]
    warped[1, 2, 0] = images[1, 2, 0]
    np.testing.assert_array_equal(warped, images)


@pytest.mark.card
def test_our_warp_is_that_of_tensorflow_addons():
    """Random images in [0, 1]; a third of the vectors lead outside."""
    from tensorflow_addons.image import dense_image_warp

    rng = np.random.default_rng(0)
    images = rng.random((3, 17, 23, 2), np.float32)
    flow = rng.normal(0, 6, (3, 17, 23, 2)).astype(np.float32)
    ours = photometric._warp_back(images, flow)
    theirs = dense_image_warp(images, -flow[..., ::-1])
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.card
def test_tensorflow_addons_is_used_and_says_nothing():
    """In a process of its own: it warns once, when it is imported."""
    code = (
        "import numpy, sys\n"
        "from d3d_tf.evaluation.photometric import warp_back\n"
        "assert 'tensorflow_addons' not in sys.modules\n"
        "zeros = numpy.zeros([1, 2, 2, 2], numpy.float32)\n"
        "warp_back(zeros, zeros)\n"
        "assert 'tensorflow_addons' in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "has ended development" not in done.stderr


def texture(u, v):
    """Frames, and the flow from each to the next."""
    frames, flow = moving_texture(4, 40, 48, (u, v))
    return frames, flow[:-1]


@pytest.mark.parametrize(("u", "v"), [(3, -1), (-1.5, 2.25), (0, 4), (2, 2)])
def test_the_right_flow_explains_the_frames(either, u, v):
    """Bilinear samples of waves of 6 px and more are off by few levels."""
    check = photometric_check(*texture(u, v))
    assert check.aligned
    assert check.ratio < 0.25
    assert check.ratio == check.warped / check.unwarped


def test_whole_pixels_are_explained_exactly():
    """By (3, -1), which leads outside from 3 columns on the right and a row
    above; (-3, 1) from 3 on the left and a row below; (-1, 3) from 3 below.
    """
    frames, flow = texture(3, -1)
    check = photometric_check(frames, flow)
    assert check.warped < 1e-4
    assert check.share == (48 - 6) * (40 - 4) / (48 * 40)
    grey = np.float64(frames) @ [0.299, 0.587, 0.114]
    unwarped = np.abs(np.diff(grey, axis=0))[:, 1:-3, 3:-3].mean()
    assert check.unwarped == pytest.approx(unwarped, rel=1e-5)


def test_a_flow_of_the_other_direction_is_told():
    frames, flow = texture(3, -1)
    check = photometric_check(frames, -flow)
    assert not check.aligned
    assert check.negated < 1e-4 < check.warped


def test_swapped_components_are_told():
    frames, flow = texture(3, -1)
    check = photometric_check(frames, flow[..., ::-1])
    assert not check.aligned
    assert check.swapped < 1e-4 < check.warped


def test_a_flow_that_is_one_frame_late_is_told():
    """To the right and back again: late, it is the flow of the way back."""
    there, flow = moving_texture(2, 40, 48, (3, -1))
    frames = np.stack([there[i % 2] for i in range(6)])
    signs = np.array([1, -1, 1, -1, 1], np.float32)[:, None, None, None]
    right = signs * flow[0]
    assert photometric_check(frames, right).aligned
    late = np.concatenate([right[:1], right[:-1]])
    # The first is right, the other four are those of the way back.
    check = photometric_check(frames, late)
    assert not check.aligned
    assert check.ratio > 0.5


def test_vectors_that_lead_outside_or_nowhere_do_not_count():
    frames, flow = texture(3, -1)
    flow = flow.copy()
    flow[:, :10] = np.nan
    flow[:, 10:20] = 1e6
    check = photometric_check(frames, flow)
    assert check.warped < 1e-4
    # Below, 3 rows are lost to (-1, 3), as above.
    assert check.share == (48 - 6) * (20 - 3) / (48 * 40)


def test_where_nothing_can_be_compared_nothing_is_aligned():
    frames, flow = texture(3, -1)
    check = photometric_check(frames, flow + 1000)
    assert check.share == 0
    assert math.isnan(check.ratio)
    assert not check.aligned


@pytest.mark.parametrize(("motion", "ratio"), [(0, 1.0), (1, math.inf)])
def test_a_still_video_has_nothing_to_explain(motion, ratio):
    frame, _ = moving_texture(1, 20, 20, (0, 0))
    flow = np.full((1, 20, 20, 2), motion, np.float32)
    check = photometric_check(np.concatenate([frame, frame]), flow)
    assert check.unwarped == 0
    assert check.ratio == ratio
    assert not check.aligned


def test_a_check_is_its_numbers():
    check = PhotometricCheck(8.0, 2.0, 1.0, 9.0, share=0.5)
    assert check.ratio == 0.25
    assert not check.aligned  # The negated flow is better.


@pytest.mark.parametrize(
    ("frames", "flow", "told"),
    [
        (np.zeros((2, 8, 8, 3)), np.zeros((1, 8, 8, 2)), "uint8.*float64"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros((1, 8, 8, 2)), r"\(2, 8, 8\)"),
        (
            np.zeros((1, 8, 8, 3), np.uint8),
            np.zeros((0, 8, 8, 2)),
            "at least two",
        ),
        (
            np.zeros((3, 8, 9, 3), np.uint8),
            np.zeros((3, 8, 9, 2)),
            r"must be \(2, 8, 9, 2\); got \(3, 8, 9, 2\)",
        ),
    ],
)
def test_wrong_shapes_are_refused(frames, flow, told):
    with pytest.raises(ValueError, match=told):
        photometric_check(frames, flow)
