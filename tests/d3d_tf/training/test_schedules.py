"""Optimisers: kind, momentum, and the rate at four steps."""

import math

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.training.schedules import make_optimizer
from tests.harness import one_device, randomize, train_once
from tests.harness.step import check_resume, check_step


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_rate_is_half_a_cosine(kind):
    """(1 + cos(pi s / steps)) / 2 of 0.4, s of 200 steps."""
    recipe = TrainRecipe(optimizer=kind, learning_rate=0.4, steps=200)
    rate = keras.optimizers.schedules.deserialize(
        make_optimizer(recipe).get_config()["learning_rate"]
    )
    for step, share in (
        (0, 1),
        (50, (1 + math.sqrt(0.5)) / 2),
        (100, 0.5),
        (200, 0),
    ):
        assert float(rate(step)) == pytest.approx(0.4 * share, abs=1e-7)


def test_rate_falls_in_steps():
    """70 steps: 5/7 of them are 50, 6/7 are 60."""
    recipe = TrainRecipe(learning_rate=0.4, steps=70, schedule="steps")
    rate = keras.optimizers.schedules.deserialize(
        make_optimizer(recipe).get_config()["learning_rate"]
    )
    expected = {0: 0.4, 50: 0.4, 51: 0.04, 60: 0.04, 61: 0.004, 69: 0.004}
    for step, value in expected.items():
        assert float(rate(step)) == pytest.approx(value)


def test_rate_of_a_staircase():
    """0.8, 0.64 and 0.512 of it after 100, 200 and 300 steps."""
    recipe = TrainRecipe(
        learning_rate=0.5, schedule="staircase", falls_every=100
    )
    expected = {0: 0.5, 99: 0.5, 100: 0.4, 199: 0.4, 200: 0.32, 300: 0.256}
    for step, value in expected.items():
        assert float(rate_of(recipe)(step)) == pytest.approx(value)
    constant = TrainRecipe(learning_rate=0.5, schedule="constant")
    for step in 0, 1, 139_999:
        assert float(rate_of(constant)(step)) == 0.5


def test_rate_rises_first():
    """From 0.1 in 50 steps to what half a cosine of 0.4 in 200 has there."""
    recipe = TrainRecipe(
        learning_rate=0.4, steps=200, warmup_steps=50, warmup_from=0.1
    )
    rate = keras.optimizers.schedules.deserialize(
        make_optimizer(recipe).get_config()["learning_rate"]
    )
    top = 0.4 * (1 + math.sqrt(0.5)) / 2
    for step, value in {
        0: 0.1,
        25: (0.1 + top) / 2,
        50: top,
        100: 0.2,
        200: 0,
    }.items():
        assert float(rate(step)) == pytest.approx(value, abs=1e-7)


def rate_of(recipe):
    """The schedule, out of the configuration that is saved."""
    return keras.optimizers.schedules.deserialize(
        make_optimizer(recipe).get_config()["learning_rate"]
    )


def test_rate_falls_where_it_is_told_to():
    """50 epochs of 10 steps; a tenth from the first step of epoch 20 on."""
    recipe = TrainRecipe(
        learning_rate=0.5,
        steps=500,
        schedule="steps",
        rate_falls_at=(0.4, 0.8),
    )
    expected = {0: 0.5, 199: 0.5, 200: 0.05, 399: 0.05, 400: 0.005, 499: 0.005}
    rate = rate_of(recipe)
    for step, value in expected.items():
        assert float(rate(step)) == pytest.approx(value)


def test_rate_rises_along_the_schedule():
    """A share from 0.1 to 1 in 100 steps, times half a cosine of 0.4 in 200."""
    recipe = TrainRecipe(
        learning_rate=0.4,
        steps=200,
        warmup_steps=100,
        warmup_from=0.04,
        warmup_along=True,
    )
    rate = rate_of(recipe)
    for step, share in {0: 0.1, 50: 0.55, 99: 0.991, 100: 1, 150: 1}.items():
        own = 0.2 * (1 + math.cos(math.pi * step / 200))
        assert float(rate(step)) == pytest.approx(share * own, rel=1e-6)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_a_long_gradient_is_shortened(kind):
    """(3, 4) and (12) have the norm 13; of 6.5 they are half as long."""
    recipe = TrainRecipe(
        optimizer=kind, learning_rate=1.0, momentum=0.0, clip_norm=6.5
    )
    optimizer = make_optimizer(recipe)
    weights = [tf.Variable([0.0, 0.0]), tf.Variable([0.0])]
    gradients = [tf.constant([3.0, 4.0]), tf.constant([12.0])]
    if kind == "adam":  # Its first step is of length 1, whatever the gradient.
        optimizer.build(weights)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        moments = [m.numpy().tolist() for m in optimizer._momentums]
        # A tenth of the gradient.
        assert np.concatenate(moments) == pytest.approx([0.15, 0.2, 0.6])
        return
    for _ in range(2):
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
    # A step each; the rate of 140,000 steps hardly falls.
    assert np.concatenate([w.numpy() for w in weights]) == pytest.approx(
        [-3.0, -4.0, -12.0]
    )
    short = [tf.constant([0.3, 0.4]), tf.constant([1.2])]
    optimizer.apply_gradients(zip(short, weights, strict=True))
    assert weights[1].numpy().tolist() == pytest.approx([-13.2])


def test_each_gradient_is_shortened_by_itself(replicas):
    """Of (3, 4), (12) and (0.5) to 2.5 at most; with two replicas their sum.

    A clip's loss is what its three numbers and the weights' come to: the mean
    gradient of the clips is that of one with the mean numbers.
    """
    numbers = tf.constant([[3.0, 4.0, 12.0, 0.5]] * 2)
    numbers *= tf.constant([[0.5], [1.5]])
    for strategy in one_device(), replicas:
        with strategy.scope():
            trainer = StreamTrainer(_Sums())
            trainer.compile(
                make_optimizer(
                    TrainRecipe(
                        learning_rate=1.0, momentum=0.0, clip_each_norm=2.5
                    )
                ),
                loss=lambda labels, outputs: outputs[:, 0],
            )
        data = ({"frames": numbers}, tf.zeros([2], tf.int64))
        trainer.fit(tf.data.Dataset.from_tensors(data), verbose=0)
        found = np.concatenate([w.ravel() for w in trainer.get_weights()])
        # (3, 4) is 5 long.
        assert found[:4] == pytest.approx([-1.5, -2.0, -2.5, -0.5])


class _Sums(keras.Model):
    """The sum of its weights, each times a number of the clip."""

    def __init__(self):
        super().__init__()
        self.parts = [
            self.add_weight(name=name, shape=[size], initializer="zeros")
            for name, size in (("pair", 2), ("large", 1), ("small", 1))
        ]

    def call(self, clips):
        return clips @ tf.concat(self.parts, axis=0)[:, None]


DECAY = 0.1
# By variable: MMAction2's multiples of the rate; whether it decays.
GROUPS = {
    "conv1/kernel": (1, True),
    "conv1/bias": (2, False),
    "bn1/gamma": (1, False),
    "bn1/beta": (1, False),
    "fc_cls/kernel": (5, True),
    "fc_cls/bias": (10, False),
}
TSM = TrainRecipe(
    learning_rate=0.1, momentum=0.9, clip_norm=0.5, groups="tsm", steps=100
)


def tsm_trainer():
    """A convolution, batch normalisation, a classifier; all decay."""
    decay = WeightDecay(DECAY)
    norm = BatchNorm(synchronized=True, scale=True, name="bn1")
    norm.gamma_regularizer = norm.beta_regularizer = decay
    both = {"kernel_regularizer": decay, "bias_regularizer": decay}
    return StreamTrainer(
        keras.Sequential(
            [
                keras.Input([2, 3, 3, 3]),
                keras.layers.Conv3D(4, 1, name="conv1", **both),
                norm,
                keras.layers.GlobalAveragePooling3D(),
                keras.layers.Dense(3, name="fc_cls", **both),
            ]
        )
    )


def clips(count):
    rng = np.random.default_rng(0)
    frames = np.float32(3 * rng.normal(size=[count, 2, 3, 3, 3]))
    return {"frames": frames}, np.arange(count) % 3


def test_a_step_of_tsm_by_hand_and_on_two_replicas(replicas):
    """The gradient of the loss and of the kernels' decay is shortened to 0.5,
    and each variable moves by its own multiple of the rate."""
    inputs, labels = clips(5)
    probe = tsm_trainer().network
    randomize(probe)
    before = {v.name[:-2]: v.numpy() for v in probe.trainable_variables}
    assert before.keys() == GROUPS.keys()
    with tf.GradientTape() as tape:
        loss = keras.losses.sparse_categorical_crossentropy(
            labels,
            probe(inputs["frames"], training=True),
            from_logits=True,
        )
        loss = tf.reduce_mean(loss)
    found = tape.gradient(loss, probe.trainable_variables)
    gradients = {
        name: np.float64(g) + DECAY * GROUPS[name][1] * before[name]
        for name, g in zip(GROUPS, found, strict=True)
    }
    norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))
    assert norm > 0.5
    expected = [
        before[name] - 0.1 * GROUPS[name][0] * g * 0.5 / norm
        for name, g in gradients.items()
    ]
    data = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(5)
    check_step(
        tsm_trainer,
        data,
        replicas,
        optimizer=lambda: make_optimizer(TSM),
    )
    _, after = train_once(
        one_device(), tsm_trainer, data, lambda: make_optimizer(TSM)
    )
    order = [v.name[:-2] for v in probe.weights]
    by_name = dict(zip(order, after, strict=True))
    for name, value in zip(GROUPS, expected, strict=True):
        np.testing.assert_allclose(
            by_name[name], value, rtol=1e-5, atol=1e-6, err_msg=name
        )


def test_tsm_goes_on_exactly(tmp_path):
    data = tf.data.Dataset.from_tensor_slices(clips(16)).batch(4)
    check_resume(tsm_trainer, data, tmp_path / "c", lambda: make_optimizer(TSM))


@pytest.mark.parametrize("scaled", [False, True])
def test_what_decays_is_reported(scaled):
    """Of TSM the two kernels, as above; of one group all six variables."""
    for recipe, names in (
        (TSM, [name for name, (_, decays) in GROUPS.items() if decays]),
        (TrainRecipe(), GROUPS),
    ):
        trainer = tsm_trainer()
        randomize(trainer.network)
        optimizer = make_optimizer(recipe)
        if scaled:
            optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
        trainer.compile(optimizer)
        logs = trainer.evaluate(*clips(4), verbose=0, return_dict=True)
        values = {v.name[:-2]: v.numpy() for v in trainer.network.weights}
        squares = sum((values[name] ** 2).sum() for name in names)
        assert logs["loss"] - logs["classification_loss"] == pytest.approx(
            DECAY * squares / 2, rel=1e-5
        )


def test_half_precision_is_clipped_by_the_true_length():
    """The loss is 8 times as large; (3, 4) of 2.5 is (1.5, 2) all the same."""
    recipe = TrainRecipe(learning_rate=1.0, momentum=0.0, clip_norm=2.5)
    optimizer = keras.mixed_precision.LossScaleOptimizer(
        make_optimizer(recipe), dynamic=False, initial_scale=8.0
    )
    weight = tf.Variable([0.0, 0.0])
    optimizer.minimize(lambda: tf.reduce_sum(weight * [3.0, 4.0]), [weight])
    assert weight.numpy() == pytest.approx([-1.5, -2.0])


def test_kinds():
    adam = make_optimizer(TrainRecipe(optimizer="adam"))
    sgd = make_optimizer(TrainRecipe(optimizer="sgd", momentum=0.7))
    assert isinstance(adam, keras.optimizers.Adam)
    assert isinstance(sgd, keras.optimizers.SGD)
    assert sgd.momentum == 0.7 and not sgd.nesterov


def test_an_average_by_hand():
    """Weights 0, -0.1, -0.2; of the average a quarter is new: -0.025, then
    -0.75 * 0.025 - 0.25 * 0.2.
    """
    recipe = TrainRecipe(
        *("rgb", 2),
        learning_rate=0.1,
        schedule="constant",
        momentum=0.0,
        average=0.75,
    )
    optimizer = make_optimizer(recipe)
    weight = tf.Variable(0.0)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant(1.0), weight)])
    assert float(weight) == pytest.approx(-0.2)
    optimizer.finalize_variable_values([weight])
    assert float(weight) == pytest.approx(-0.06875)


def test_nesterov_by_hand():
    """As below: m = -0.1, w = 0.5 m - 0.1 = -0.15; m = -0.1, w -= 0.1."""
    recipe = TrainRecipe(
        *("rgb", 2), learning_rate=0.1, momentum=0.5, nesterov=True
    )
    optimizer = make_optimizer(recipe)
    weight = tf.Variable(0.0)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant(1.0), weight)])
    assert float(weight) == pytest.approx(-0.25)


def test_two_steps_of_sgd_by_hand():
    """Gradient 1 twice, rate 0.1 then 0.05, momentum 0.5, from 0.

    Keras: m = 0.5 m - rate g: -0.1, then -0.05 - 0.05 = -0.1; w = -0.2.
    """
    recipe = TrainRecipe(
        optimizer="sgd", learning_rate=0.1, steps=2, momentum=0.5
    )
    optimizer = make_optimizer(recipe)
    weight = tf.Variable(0.0)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant(1.0), weight)])
    assert float(weight) == pytest.approx(-0.2)
