"""What networks of features are given, and what they give out."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.feature_clip import WHOLE, features_and_mask
from d3d_tf.models.hrnn.network import HRNN
from d3d_tf.models.nextvlad.network import NeXtVLAD
from tests.harness.step import CLOSE
from tests.harness.tiny import HRNN as TINY_HRNN
from tests.harness.tiny import NEXTVLAD, VLAD_MIXTURE


def test_frames_after_the_last_are_padding():
    clip = np.zeros([3, 4, 2], np.float32)
    _, mask = features_and_mask((clip, [4, 0, 2]))
    expected = [[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]]
    np.testing.assert_array_equal(mask, np.array(expected, bool))
    features, mask = features_and_mask(clip)
    assert features.shape == [3, 4, 2] and mask.numpy().all()
    _, same = features_and_mask((clip, np.array(expected, bool)))
    np.testing.assert_array_equal(same, np.array(expected, bool))


@pytest.mark.parametrize(
    "case, changes",
    [
        (NEXTVLAD, {}),
        (NEXTVLAD, {"model": "netvlad"}),
        (VLAD_MIXTURE, {"count_padding": False}),
        (TINY_HRNN, {}),
    ],
    ids=["nextvlad", "netvlad", "mixture", "hrnn"],
)
def test_padding_changes_nothing(case, changes):
    """Whatever stands there; a video is what its own frames alone are."""
    network = case.network(**changes)
    clip = case.clips(2, (5,))
    frames = np.int32([5, 3])
    padded = np.concatenate([clip, np.full_like(clip, 7.0)], axis=1)
    padded[1, 3:] = -9.0
    found = network((padded, frames))
    np.testing.assert_allclose(found[0], network(clip[:1])[0], **CLOSE)
    alone = network(clip[1:, :3])[0]
    np.testing.assert_allclose(found[1], alone, **CLOSE)
    other = network((padded, np.int32([5, 4])))
    assert np.abs(other[1] - alone).max() > 1e-3


@pytest.mark.parametrize("case", [NEXTVLAD, VLAD_MIXTURE])
def test_padding_in_training(case):
    """It counts in the statistics, as in the original, unless the recipe says
    that it does not; then a batch's moving averages are those of its frames.
    """
    clip = case.clips(2, (3,))
    padded = np.concatenate([clip, np.ones_like(clip)], axis=1)
    frames = np.int32([3, 3])
    averages = {}
    for counts in True, False:
        network = case.network(count_padding=counts)
        network((padded, frames), training=True)
        averages[counts] = network.get_weights()
    network = case.network(count_padding=False)
    network(clip, training=True)
    for one, other in zip(averages[False], network.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    pairs = zip(averages[True], averages[False], strict=True)
    assert max(np.abs(a - b).max() for a, b in pairs) > 1e-3


@pytest.mark.parametrize("cls", [NeXtVLAD, HRNN])
def test_an_option_that_is_none(cls):
    with pytest.raises(ValueError, match="must be above 0; got 0"):
        cls(3, **{"hidden" if cls is NeXtVLAD else "cells": 0})


def test_a_whole_video_is_one_place():
    trunk = NEXTVLAD.network().trunk
    assert trunk.strides("vlad") == (WHOLE, 1, 1)
    assert tf.reduce_sum(trunk(NEXTVLAD.clips())["vlad"]).dtype == tf.float32
