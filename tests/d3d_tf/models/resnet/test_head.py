"""The head by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.head import FrameHead


@pytest.mark.parametrize("model", ["tsn_r18", "tsm_r18"])
def test_means_by_hand(model):
    """Two frames of two pixels: (1 + 3) / 2 = 2 and (5 + 7) / 2 = 6; mean 4.

    Kernel (2, -1), bias (1, 0): 9 and -4. Either way, without dropout.
    """
    head = FrameHead(2, ResNetRecipe(model=model, dropout=0.5))
    features = tf.reshape(tf.constant([1.0, 3, 5, 7]), [1, 2, 1, 2, 1])
    head(features)
    kernel, bias = head.fc_cls.weights
    kernel.assign(tf.reshape([2.0, -1.0], [1, 1, 1, 1, 2]))
    bias.assign([1.0, 0.0])
    np.testing.assert_allclose(head(features), [[9, -4]])
    np.testing.assert_allclose(head.pooled(features), [[4]])


@pytest.mark.parametrize("model, kinds", [("tsn_r18", 2), ("tsm_r18", 9)])
def test_what_is_dropped(seed, model, kinds):
    """TSN drops a channel of a clip, TSM one of each of 8 frames."""
    head = FrameHead(1, ResNetRecipe(model=model, dropout=0.5))
    features = tf.ones([512, 8, 1, 1, 1])
    head(features)
    head.fc_cls.set_weights([np.ones([1, 1, 1, 1, 1]), np.zeros([1])])
    outputs = head(features, training=True).numpy()
    # A unit that is kept counts twice: multiples of 2, or of 2 / 8.
    assert len(np.unique(outputs)) == kinds
    assert outputs.mean() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    "model, deviation", [("tsn_r18", 0.01), ("tsm_r18", 0.001)]
)
def test_start(seed, model, deviation):
    head = FrameHead(400, ResNetRecipe(model=model))
    head(tf.zeros([1, 1, 1, 1, 512]))
    kernel, bias = head.fc_cls.get_weights()
    assert kernel.std() == pytest.approx(deviation, rel=0.02)
    assert not bias.any()
    assert len(head.losses) == 2
