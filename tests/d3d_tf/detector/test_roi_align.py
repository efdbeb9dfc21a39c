"""RoIAlign by hand, and against Model Garden's."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.detector.roi_align import roi_align


def test_a_plane_by_hand():
    """Features that are linear in place are what they are at the bins' middles.

    A box from row 1 to 5 and column 2 to 6, in two bins per side: 2, 4 and 3,
    5. Feature i is at i, not at i + 1/2.
    """
    y, x = np.mgrid[:8.0, :10.0]
    features = np.float32(100 * y + x)[None, ..., None]
    box = np.float32([[[1 / 8, 2 / 10, 5 / 8, 6 / 10]]])
    found = roi_align(features, box, bins=2).numpy()[0, 0, ..., 0]
    np.testing.assert_allclose(found, [[203, 205], [403, 405]], rtol=1e-6)


def test_beyond_the_last_feature():
    """As the last one, to the edge of the picture."""
    features = np.float32([[[[1.0], [3.0]]]])  # A row of two.
    whole = np.float32([[[0, 0, 1, 1]]])
    found = roi_align(features, whole, bins=4).numpy()[0, 0, 0, :, 0]
    # At 1/4, 3/4, 5/4, 7/4 features.
    np.testing.assert_allclose(found, [1.5, 2.5, 3, 3], rtol=1e-6)


def test_model_gardens():
    operations = pytest.importorskip(
        "official.vision.ops.spatial_transform_ops",
        reason="Model Garden needs TensorFlow 2.15",
    )
    rng = np.random.default_rng(0)
    features = rng.normal(size=[2, 9, 13, 5]).astype(np.float32)
    low = rng.uniform(0, 0.6, [2, 20, 2])
    high = low + rng.uniform(0, 0.4, low.shape)
    boxes = np.concatenate([low, high], -1).astype(np.float32)
    boxes[0, 0] = [0, 0, 1, 1]
    theirs = operations.multilevel_crop_and_resize(
        {"0": tf.constant(features)},
        tf.constant(boxes * np.float32([9, 13, 9, 13])),
    )
    np.testing.assert_allclose(roi_align(features, boxes), theirs, atol=1e-5)
