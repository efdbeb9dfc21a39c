"""Networks of Model Garden's parts, and its checkpoints in them."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import PersonsRecipe
from d3d_tf.detector.garden import make_parts, read_checkpoint
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from tests.harness import randomize

pytestmark = pytest.mark.card

SMALL = PersonsRecipe(
    depth=10, min_level=2, max_level=3, filters=4, side=32, ratios=(1.0,)
)
PICTURE = np.random.default_rng(0).normal(size=[1, 32, 32, 3])
PICTURE = PICTURE.astype(np.float32)


@pytest.fixture(scope="module")
def resnet():
    """A whole one, as Model Garden makes it."""
    from official.vision.modeling.backbones.resnet import ResNet

    specs = keras.layers.InputSpec(shape=[None, 32, 32, 3])
    made = ResNet(10, specs, norm_epsilon=1e-4)
    randomize(made)
    return made


def saved(folder, **items):
    path = str(folder / "ckpt")
    return tf.train.Checkpoint(**items).write(path)


def test_no_layer_that_no_level_needs():
    """Blocks of two 3 x 3 kernels, and one of 1 x 1 beside the second block;
    the stem has 7 x 7. Gamma and beta are 2 per channel.
    """
    parts = make_parts(SMALL)
    count = sum(np.prod(v.shape) for v in parts.resnet.trainable_variables)
    stem = 49 * 3 * 64 + 2 * 64
    second = 64 * 64 * (9 + 9 + 1) + 3 * 2 * 64
    third = 64 * 128 * (9 + 1) + 128 * 128 * 9 + 3 * 2 * 128
    assert count == stem + second + third
    scores, offsets = parts.whole(PICTURE)
    assert {k: tuple(v.shape) for k, v in scores.items()} == {
        "2": (1, 8, 8, 1),
        "3": (1, 4, 4, 1),
    }
    assert offsets["3"].shape == [1, 4, 4, 4]


def test_level_four_alone():
    recipe = dataclasses.replace(
        SMALL, decoder="c4", anchor_sizes=(1.0, 2.0), ratios=(0.5, 1.0, 2.0)
    )
    parts = make_parts(recipe)
    assert parts.decoder is None
    scores, _ = parts.whole(PICTURE)
    assert list(scores) == ["4"] and scores["4"].shape == [1, 2, 2, 6]


def test_of_a_resnet(tmp_path, resnet):
    """Features are then those of the network that was saved."""
    path = saved(tmp_path, backbone=resnet)
    recipe = dataclasses.replace(SMALL, checkpoint=path)
    parts = make_parts(recipe)
    head = parts.head.get_weights()
    read_checkpoint(parts, recipe)
    expected = resnet(PICTURE)
    for level, value in parts.resnet(PICTURE).items():
        np.testing.assert_allclose(value, expected[level], atol=1e-5)
    for one, other in zip(head, parts.head.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_a_faster_rcnn(tmp_path, resnet):
    donor = make_parts(SMALL)
    randomize(donor.whole)
    path = saved(
        tmp_path, backbone=resnet, decoder=donor.decoder, rpn_head=donor.head
    )
    recipe = dataclasses.replace(SMALL, checkpoint=path, frozen=True)
    parts = make_parts(recipe)
    read_checkpoint(parts, recipe)
    features = {
        level: tf.constant(np.random.default_rng(1).normal(size=shape))
        for level, shape in (("2", [1, 8, 8, 64]), ("3", [1, 4, 4, 128]))
    }
    for one, other in zip(
        tf.nest.flatten(parts.head(parts.decoder(features))),
        tf.nest.flatten(donor.head(donor.decoder(features))),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"depth": 18}, "is of another network than persons.depth=18"),
        (
            {"frozen": True},
            "has backbone; the RPN needs backbone, decoder, rpn",
        ),
    ],
)
def test_checkpoints_that_do_not_fit(tmp_path, resnet, changes, message):
    path = saved(tmp_path, backbone=resnet)
    recipe = dataclasses.replace(SMALL, checkpoint=path, **changes)
    with pytest.raises(UserError, match=message):
        read_checkpoint(make_parts(recipe), recipe)


def test_what_is_none(tmp_path):
    parts = make_parts(SMALL)
    path = str(tmp_path / "nothing")
    recipe = dataclasses.replace(SMALL, checkpoint=path)
    with pytest.raises(UserError, match="nothing is not a checkpoint of tf.tr"):
        read_checkpoint(parts, recipe)
    path = saved(tmp_path, model=tf.Variable(1.0))
    recipe = dataclasses.replace(SMALL, checkpoint=path)
    with pytest.raises(
        UserError, match="has .*model.*; the RPN needs backbone"
    ):
        read_checkpoint(parts, recipe)
