"""A detector's step by hand, and on one device and two."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.detector.network import Detector
from d3d_tf.detector.trainer import DetectorTrainer
from d3d_tf.keras_api import keras
from tests.harness import one_device, randomize
from tests.harness.step import CLOSE, same_weights
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


@pytest.mark.parametrize("changes", [{}, {"refine": False}, {"tail": True}])
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
