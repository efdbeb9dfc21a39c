"""A detector's step by hand, and on one device and two."""

import dataclasses
import functools

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.detector.network import Detector
from d3d_tf.detector.sampling import choose
from d3d_tf.detector.trainer import DetectorTrainer
from d3d_tf.keras_api import keras
from tests.d3d_tf.detector.test_network import RPN as SMALL_RPN
from tests.harness import one_device, randomize
from tests.harness.step import CLOSE, check_resume, same_weights
from tests.harness.tiny import INCEPTION

RECIPE = DetectorRecipe(
    endpoint="MaxPool_2a_3x3", tail=False, bins=2, dropout=0.0
)


def trainer(**changes):
    backbone = INCEPTION.network(weight_decay=0.0)
    recipe = DetectorRecipe(**RECIPE.__dict__ | changes)
    network = Detector(backbone, recipe, 3)
    network(
        {"frames": tf.zeros([1, 2, 32, 32, 3]), "boxes": np.zeros([1, 1, 4])}
    )
    return DetectorTrainer(network)


def batch(count=3, rois=4):
    """Clips with 4, 2 and 1 boxes that count; half of these show a person."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=[count, 3, 17, 20, 3]).astype(np.float32)
    frames *= np.arange(1, count + 1).reshape(-1, 1, 1, 1, 1)
    low = rng.uniform(0, 0.5, [count, rois, 2])
    boxes = np.concatenate([low, low + 0.4], -1).astype(np.float32)
    weights = np.arange(rois) < np.array([4, 2, 1])[:count, None]
    persons = weights & (np.arange(rois) % 2 == 0)
    offsets = rng.normal(0, 2, [count, rois, 4]) * persons[..., None]
    actions = rng.integers(0, 2, [count, rois, 3]) * persons[..., None]
    lesson = np.concatenate(
        [weights[..., None], persons[..., None], offsets, actions], -1
    )
    return {"frames": frames, "boxes": boxes}, np.float32(lesson)


def step(strategy, **changes):
    with strategy.scope():
        made = trainer(**changes)
        randomize(made.network)
        made.compile(keras.optimizers.SGD(1.0))
    inputs, lesson = batch()
    data = tf.data.Dataset.from_tensor_slices((inputs, lesson)).batch(3)
    history = made.fit(data, verbose=0).history
    logs = {name: values[-1] for name, values in history.items()}
    return logs, made.network.get_weights()


def test_losses_by_hand():
    """Means over the seven boxes that count, in float64."""
    logs, _ = step(one_device())
    made = trainer()
    randomize(made.network)
    inputs, lesson = batch()
    logits, offsets = (np.float64(x) for x in made.network(inputs))
    entropy = gap = 0.0
    for i in range(3):
        for j in range(4):
            weight, person = lesson[i, j, :2]
            p = 1 / (1 + np.exp(-logits[i, j]))
            y = np.float64(lesson[i, j, 6:])
            entropy -= weight * np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
            d = np.abs(offsets[i, j] - lesson[i, j, 2:6])
            gap += person * np.where(d < 1, d**2 / 2, d - 0.5).sum()
    assert logs["action_loss"] == pytest.approx(entropy / 7, rel=1e-5)
    assert logs["offset_loss"] == pytest.approx(gap / 7, rel=1e-5)
    assert logs["loss"] == pytest.approx((entropy + gap) / 7, rel=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        *(
            pytest.param(changes, marks=pytest.mark.large)
            for changes in ({"refine": False}, {"tail": True})
        ),
    ],
)
def test_two_replicas(changes, replicas):
    """Three clips on two devices, with 4 + 2 and 1 boxes: the same step."""
    logs, weights = step(one_device(), **changes)
    split_logs, split_weights = step(replicas, **changes)
    assert split_logs == pytest.approx(logs, rel=1e-5)
    same_weights(split_weights, weights, **CLOSE)
    made = trainer(**changes)
    randomize(made.network)
    before = made.network.get_weights()
    assert any((a != b).any() for a, b in zip(before, weights, strict=True))


def test_a_batch_without_boxes():
    """Of crops that lost everybody: no loss, and no NaN."""
    made = trainer()
    made.compile(keras.optimizers.SGD(1.0))
    inputs, lesson = batch()
    logs = made.train_on_batch(inputs, 0 * lesson, return_dict=True)
    assert logs["loss"] == 0
    assert all(np.isfinite(v).all() for v in made.network.get_weights())


RPN = dataclasses.replace(
    SMALL_RPN,
    proposals=6,
    sampled=12,
    score_weight=0.5,
    offset_weight=3.0,
    weight_decay=0.0,
    batch_norm_momentum=0.9,
)


def finding_trainer(persons=RPN, **changes):
    backbone = INCEPTION.network(weight_decay=0.0)
    settings = {"boxes": "rpn", "scored": "rpn", "rois": 5, "jitter": 0.1}
    recipe = dataclasses.replace(RECIPE, **settings | changes)
    network = Detector(backbone, recipe, 3, persons)
    network(
        {"frames": np.zeros([1, 2, 32, 32, 3]), "boxes": np.zeros([1, 1, 4])}
    )
    return DetectorTrainer(network)


def clips(count=3):
    """Clips with two persons, one, and none."""
    inputs, _ = batch(count)
    persons = np.zeros([count, 2, 7], np.float32)
    persons[0] = [[0.1, 0.1, 0.5, 0.5, 1, 0, 1], [0.5, 0.4, 1, 1, 0, 1, 0]]
    persons[1, 0] = [0.2, 0.3, 0.9, 0.6, 1, 1, 0]
    raw = {
        "frames": inputs["frames"],
        "persons": persons,
        "proposals": np.tile(np.float32([0, 0, 0.4, 0.5]), [count, 1, 1]),
        "seed": np.arange(2 * count, dtype=np.int32).reshape(count, 2),
    }
    return raw, persons


@functools.cache
def finding_step(strategy, frozen=True):
    """The logs, and weights after a step; batch normalisation frozen or not."""
    with strategy.scope():
        made = finding_trainer(freeze_batch_norm=frozen)
        randomize(made.network)
        made.compile(keras.optimizers.SGD(1.0))
    data = tf.data.Dataset.from_tensor_slices(clips()).batch(3)
    history = made.fit(data, verbose=0).history
    logs = {name: values[-1] for name, values in history.items()}
    finder = made.network.persons
    return logs, {
        "network": made.network.get_weights(),
        "persons": finder.get_weights(),
        "trained": [v.numpy() for v in finder.trainable_weights],
    }


@pytest.mark.large
@pytest.mark.card
def test_losses_of_anchors_by_hand():
    """Means over the anchors of all clips, in float64."""
    logs, _ = finding_step(one_device())
    made = finding_trainer()
    randomize(made.network)
    finder, (inputs, persons) = made.network.persons, clips()
    pictures = made.network.keyframes(inputs["frames"])
    answers = finder(pictures)
    scores, offsets = (np.float64(x) for x in finder.flat(answers))
    targets = finder.targets(persons[..., :4], pictures, inputs["seed"])
    learned, shown = np.float64(targets[..., 0]), np.float64(targets[..., 1])
    assert learned.sum(1).tolist() == [12, 12, 12]
    assert (shown.sum(1) > 0).tolist() == [True, True, False]
    entropy = np.logaddexp(0, scores) - shown * scores
    entropy = (learned * entropy).sum() / 36
    gap = np.abs(offsets - targets[..., 2:])
    gap = np.where(gap < 1 / 9, gap**2 / 2, (gap - 1 / 18) / 9).mean(-1)
    gap = (shown * gap).sum() / shown.sum()
    assert logs["person_loss"] == pytest.approx(entropy, rel=1e-4)
    assert logs["person_offset_loss"] == pytest.approx(gap, rel=1e-4)
    rest = logs["action_loss"] + logs["offset_loss"]
    assert logs["loss"] == pytest.approx(
        rest + 0.5 * entropy + 3 * gap, rel=1e-4
    )


@pytest.mark.card
def test_boxes_are_the_rpns():
    """Those that `choose` takes of the proposals, clip by clip."""
    made = finding_trainer()
    randomize(made.network)
    inputs, persons = clips()
    seen, logits = made.forward(
        tf.nest.map_structure(tf.constant, inputs), True
    )
    found, _ = made.network.find(inputs["frames"])
    np.testing.assert_allclose(seen["proposals"], found, atol=1e-5)
    for i in range(3):
        boxes, lesson = choose(
            persons[i], found[i], made.network.recipe, inputs["seed"][i]
        )
        np.testing.assert_allclose(seen["lesson"][i], lesson, atol=1e-3)
        asked = {"frames": inputs["frames"][i : i + 1], "boxes": boxes[None]}
        expected, _ = made.network(asked)
        np.testing.assert_allclose(logits[0][i], expected[0], atol=1e-3)


@pytest.mark.large
@pytest.mark.card
@pytest.mark.parametrize("frozen", [True, False])
def test_two_replicas_with_an_rpn(frozen, replicas):
    """Two clips and one on two devices; the RPN's batch normalisation is over
    all, the backbone's own is by device (`BatchNorm`).
    """
    logs, weights = finding_step(one_device(), frozen)
    split_logs, split_weights = finding_step(replicas, frozen)
    names = logs if frozen else ("person_loss", "person_offset_loss")
    for name in names:
        assert split_logs[name] == pytest.approx(logs[name], rel=1e-5)
    for part in weights if frozen else ["persons"]:
        same_weights(split_weights[part], weights[part], **CLOSE)
    before = finding_trainer().network
    randomize(before)
    for one, other in zip(
        before.persons.trainable_weights, weights["trained"], strict=True
    ):
        # Normalised by the batch, what has a bias does not depend on it.
        if frozen or "bias" not in one.name:
            assert (one.numpy() != other).any(), one.name


@pytest.mark.large
@pytest.mark.card
def test_a_frozen_rpn_stays():
    """And has no losses; boxes are learned."""
    frozen = dataclasses.replace(RPN, frozen=True, checkpoint="somewhere")
    made = finding_trainer(frozen, freeze_batch_norm=False)
    randomize(made.network)
    before = made.network.persons.get_weights()
    made.compile(keras.optimizers.SGD(0.1))
    inputs, persons = clips()
    logs = made.train_on_batch(inputs, persons, return_dict=True)
    assert logs.keys() == {"loss", "action_loss", "offset_loss"}
    for one, other in zip(
        made.network.persons.get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.large
@pytest.mark.card
def test_resumed_with_an_rpn(tmp_path):
    """As if it had not been stopped, to the bit."""
    data = tf.data.Dataset.from_tensor_slices(clips()).batch(3).repeat(4)
    check_resume(finding_trainer, data, tmp_path / "c")
