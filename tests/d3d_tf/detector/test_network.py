"""A detector on a tiny backbone."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.detector.boxes import moved, overlap
from d3d_tf.detector.network import Detector, make_detector
from d3d_tf.detector.roi_align import roi_align
from d3d_tf.errors import UsageError
from d3d_tf.keras_api import keras
from tests.harness import randomize
from tests.harness.tiny import INCEPTION, X3D

PLAIN = DetectorRecipe(
    endpoint="Conv2d_2c_3x3", tail=False, bins=3, dropout=0.0
)


def detector(recipe=PLAIN, case=INCEPTION, actions=5, **changes):
    network = Detector(case.network(**changes), recipe, actions)
    network({"frames": tf.zeros([1, 2, 32, 32, 3]), "boxes": BOXES[:1]})
    randomize(network)
    return network


def boxes(count, seed=0):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 0.6, [2, count, 2])
    high = low + rng.uniform(0.1, 0.4, low.shape)
    return np.concatenate([low, high], -1).astype(np.float32)


BOXES = boxes(4)
FRAMES = np.random.default_rng(1).normal(size=[2, 6, 40, 32, 3])
FRAMES = FRAMES.astype(np.float32)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_without_a_tail_by_hand(pooling):
    recipe = DetectorRecipe(**PLAIN.__dict__ | {"pooling": pooling})
    network = detector(recipe)
    logits, offsets = network({"frames": FRAMES, "boxes": BOXES})
    assert logits.shape == [2, 4, 5] and offsets.shape == [2, 4, 4]
    features = network.backbone.features(FRAMES)["Conv2d_2c_3x3"]
    flat = roi_align(tf.reduce_mean(features, 1), BOXES, 3).numpy()
    pooled = getattr(np, pooling)(flat, axis=(2, 3))
    kernel, bias = network.actions.get_weights()
    np.testing.assert_allclose(logits, pooled @ kernel + bias, atol=1e-4)
    # What is said is where the person is.
    probabilities, where = network.detect(FRAMES, BOXES)
    np.testing.assert_allclose(
        probabilities, 1 / (1 + np.exp(-logits.numpy())), atol=1e-6
    )
    np.testing.assert_allclose(
        where, np.clip(moved(BOXES, offsets), 0, 1), atol=1e-6
    )


def test_boxes_do_not_see_one_another():
    """Nor does it matter how many there are; none is possible."""
    network = detector()
    whole = network({"frames": FRAMES, "boxes": BOXES})[0].numpy()
    for i in range(4):
        alone = network({"frames": FRAMES, "boxes": BOXES[:, i : i + 1]})[0]
        np.testing.assert_allclose(alone[:, 0], whole[:, i], atol=1e-5)
    none = network({"frames": FRAMES, "boxes": BOXES[:, :0]})[0]
    assert none.shape == [2, 0, 5]
    many = network({"frames": FRAMES, "boxes": np.tile(BOXES, [1, 99, 1])})[0]
    np.testing.assert_allclose(many[:, -4:], whole, atol=1e-5)


def test_the_tail_sees_each_time():
    """A tail of 1x1x1 kernels and no time would be the same; a real one is
    what the backbone's block makes of what is under the box, time by time.
    """
    recipe = DetectorRecipe(
        endpoint="MaxPool_2a_3x3", tail=True, bins=4, dropout=0.0
    )
    network = detector(recipe)
    assert [layer.name for layer in network.tail] == [
        "Conv2d_2b_1x1",
        "Conv2d_2c_3x3",
    ]
    found = network.under_boxes(network.features(FRAMES), BOXES).numpy()
    features = network.backbone.features(FRAMES)["MaxPool_2a_3x3"]
    for i in range(2):
        for j in range(4):
            volume = tf.stack(
                [
                    roi_align(frame[None], BOXES[i : i + 1, j : j + 1], 4)[0, 0]
                    for frame in features[i]
                ]
            )[None]
            for layer in network.tail:
                volume = layer(volume, training=False)
            np.testing.assert_allclose(
                found[i, j], tf.reduce_mean(volume, [0, 1, 2, 3]), atol=1e-4
            )


def test_batch_norm_is_frozen_or_not():
    for frozen in (True, False):
        recipe = DetectorRecipe(
            **PLAIN.__dict__ | {"freeze_batch_norm": frozen}
        )
        network = detector(recipe)
        before = [v.numpy() for v in network.backbone.non_trainable_variables]
        network({"frames": FRAMES, "boxes": BOXES}, training=True)
        after = [v.numpy() for v in network.backbone.non_trainable_variables]
        moved_ = any((a != b).any() for a, b in zip(before, after, strict=True))
        assert moved_ != frozen


def test_what_is_not_asked_is_not_trained():
    """All weights that are have a gradient."""
    network = detector()
    with tf.GradientTape() as tape:
        logits, offsets = network({"frames": FRAMES, "boxes": BOXES})
        loss = tf.reduce_sum(logits) + tf.reduce_sum(offsets)
    weights = network.trainable_variables
    gradients = tape.gradient(loss, weights)
    assert all(gradient is not None for gradient in gradients)
    names = {w.name for w in weights}
    assert not any("MaxPool_3a" in n or "Logits" in n for n in names)


def test_in_mixed_precision(precision):
    """The backbone computes in half precision; boxes stay what they are."""
    network = detector()
    plain, where = network.detect(FRAMES, BOXES)
    weights = network.get_weights()
    precision("mixed_bfloat16")
    mixed = detector()
    mixed.set_weights(weights)
    assert mixed.backbone.compute_dtype == "bfloat16"
    said, moved_ = mixed.detect(FRAMES, BOXES)
    assert said.dtype == moved_.dtype == tf.float32
    np.testing.assert_allclose(said, plain, atol=0.03)
    np.testing.assert_allclose(moved_, where, atol=0.03)
    assert np.abs(said - plain).max() > 0


def test_saved_and_loaded_by_keras(tmp_path):
    network = detector()
    network.save(tmp_path / "detector.keras")
    again = keras.models.load_model(tmp_path / "detector.keras")
    assert again.recipe == network.recipe
    for one, other in zip(
        again.detect(FRAMES, BOXES), network.detect(FRAMES, BOXES), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_of_x3d():
    recipe = DetectorRecipe(
        endpoint="res5", tail=False, pooling="max", refine=False
    )
    network = detector(recipe, X3D)
    logits, offsets = network({"frames": FRAMES, "boxes": BOXES})
    assert logits.shape == [2, 4, 5] and offsets is None
    np.testing.assert_array_equal(network.detect(FRAMES, BOXES)[1], BOXES)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"endpoint": "Mixed_9z"}, "detector.endpoint must be one of Conv2d"),
        ({"endpoint": "MaxPool_3a_3x3", "tail": True}, "Nothing of the back"),
    ],
)
def test_what_cannot_be_built(changes, message):
    with pytest.raises(UsageError, match=message):
        detector(DetectorRecipe(**PLAIN.__dict__ | changes))


RPN = PersonsRecipe(
    depth=10,
    min_level=2,
    max_level=2,
    filters=4,
    side=32,
    anchor_sizes=(2.0, 4.0),
    ratios=(1.0,),
    proposals=9,
)


@pytest.fixture(scope="module")
def finding():
    """One with an RPN, of other pixels than its own."""
    recipe = dataclasses.replace(PLAIN, boxes="rpn", scored="rpn")
    backbone = INCEPTION.network(
        pixel_mean=(0.4, 0.5, 0.6), pixel_std=(0.2, 0.3, 0.4)
    )
    network = make_detector(backbone, recipe, 5, RPN)
    randomize(network)
    return network


@pytest.mark.card
def test_the_rpn_sees_the_keyframe(finding):
    """The fourth of six frames, in [0, 1]; no other one."""
    unit = FRAMES[:, 3] * [0.2, 0.3, 0.4] + [0.4, 0.5, 0.6]
    pictures = finding.keyframes(FRAMES)
    np.testing.assert_allclose(pictures, unit, atol=1e-6)
    boxes, scores = tf.function(finding.find)(FRAMES)
    assert boxes.shape == [2, 9, 4] and scores.shape == [2, 9]
    assert (np.diff(scores) <= 0).all() and (scores.numpy() > 0).any()
    answers = finding.persons(pictures)
    for one, other in zip(
        finding.persons.propose(answers, pictures),
        (boxes, scores),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, atol=1e-5)
    others = np.where(np.arange(6).reshape(1, 6, 1, 1, 1) == 3, FRAMES, 0)
    np.testing.assert_allclose(finding.find(others)[0], boxes, atol=1e-5)


@pytest.mark.card
def test_persons_are_detected(finding):
    """What `detect` says of what `find` finds, each action where it is likely
    most: of two that share more than 0.6 one at most has it.
    """
    found, _ = finding.find(FRAMES)
    said, moved_to = finding.detect(FRAMES, found)
    probabilities, where = tf.function(finding.detect_persons)(FRAMES)
    assert probabilities.shape == [2, 9, 5]
    np.testing.assert_allclose(where, moved_to, atol=1e-5)
    kept = probabilities.numpy() > 0
    np.testing.assert_allclose(
        probabilities, np.where(kept, said, 0), atol=1e-5
    )
    shared = overlap(where, where).numpy()
    assert kept.any() and not kept.all()
    for i, action in np.ndindex(2, 5):
        likely = said[i, :, action].numpy()
        (places,) = np.nonzero(kept[i, :, action])
        among = shared[i][np.ix_(places, places)]
        assert (among[~np.eye(len(places), dtype=bool)] <= 0.6).all()
        for place in np.flatnonzero(~kept[i, :, action]):
            better = places[likely[places] > likely[place]]
            assert (shared[i, place, better] > 0.6).any()


@pytest.mark.card
def test_keyframes_without_persons(finding):
    """Rows of zeros, of boxes and of probabilities."""
    (bias,) = [
        v for v in finding.variables if v.name.endswith("rpn-scores/bias:0")
    ]
    before = bias.numpy()
    bias.assign(before - 1000)
    try:
        boxes, scores = finding.find(FRAMES)
        probabilities, where = finding.detect_persons(FRAMES)
    finally:
        bias.assign(before)
    for values in (boxes, scores, probabilities, where):
        assert values.shape[:2] == [2, 9] and not values.numpy().any()


@pytest.mark.card
def test_an_rpn_is_saved_and_loaded(finding, tmp_path):
    """By Keras, and by a checkpoint: all its values, to the bit."""
    finding.save(tmp_path / "detector.keras")
    loaded = keras.models.load_model(tmp_path / "detector.keras")
    path = tf.train.Checkpoint(network=finding).write(str(tmp_path / "ckpt"))
    other = type(finding).from_config(finding.get_config())
    other({"frames": FRAMES[:1], "boxes": BOXES[:1]})
    tf.train.Checkpoint(network=other).read(path).assert_consumed()
    for network in (loaded, other):
        assert network.persons.recipe == RPN
        for one, two in zip(
            network.get_weights(), finding.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, two)


def test_without_an_rpn():
    network = detector()
    assert network.persons is None
    for method in (network.find, network.detect_persons):
        with pytest.raises(
            UsageError, match="This detector has no RPN: neither"
        ):
            method(FRAMES)
    # As it was saved before there were any.
    config = network.get_config()
    assert config.pop("persons") is None
    assert Detector.from_config(config).persons is None
