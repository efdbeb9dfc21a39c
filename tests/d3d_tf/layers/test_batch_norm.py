"""BatchNorm against hand-worked examples, NumPy and Keras' own layer."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm, averages_at_rest


def column(*values):
    """One channel, the values along time: `[1, n, 1, 1, 1]`."""
    return tf.reshape(tf.constant(values, tf.float32), [1, -1, 1, 1, 1])


def test_moving_variance_is_the_biased_one():
    """1, 2, 3, 6: mean 3, squares of the deviations 4 + 1 + 0 + 9 = 14.

    Biased variance 14/4 = 3.5 (unbiased 4.67); with epsilon 0.5 the divisor is
    sqrt(4) = 2. Momentum 0.9: mean 0.1 * 3, variance 0.9 * 1 + 0.1 * 3.5.
    """
    layer = BatchNorm(momentum=0.9, epsilon=0.5)
    outputs = layer(column(1, 2, 3, 6), training=True)
    np.testing.assert_allclose(
        outputs.numpy().ravel(), [-1, -0.5, 0, 1.5], rtol=1e-6, atol=1e-6
    )
    np.testing.assert_allclose(layer.moving_mean, [0.3], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, [1.25], rtol=1e-6)


def test_a_single_value_has_no_variance():
    """n = 1: n / (n - 1) has no meaning; y = 0, variance 0.9 * 1 + 0.1 * 0."""
    layer = BatchNorm(momentum=0.9)
    outputs = layer(column(5), training=True)
    assert outputs.numpy().item() == 0
    np.testing.assert_allclose(layer.moving_mean, [0.5], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, [0.9], rtol=1e-6)


def test_defaults_are_the_original_networks():
    layer = BatchNorm()
    assert (layer.momentum, layer.epsilon) == (0.999, 1e-3)
    layer.build([None, None, None, None, 5])
    assert {v.name.split("/")[-1]: tuple(v.shape) for v in layer.weights} == {
        "beta:0": (5,),
        "moving_mean:0": (5,),
        "moving_variance:0": (5,),
    }
    assert [v.name for v in layer.trainable_weights] == ["beta:0"]


@pytest.mark.parametrize("channels", [1, 8])
def test_without_a_shift(channels):
    """1, 2, 3, 6 are -1, -0.5, 0, 1.5, as above, in training; in inference
    with mean 0.3 and variance 1.25, (3 - 0.3) / sqrt(1.75) = 2.041.
    """
    layer = BatchNorm(momentum=0.9, epsilon=0.5, shift=False)
    clip = tf.repeat(column(1, 2, 3, 6), channels, axis=-1)
    outputs = layer(clip, training=True)
    assert layer.trainable_weights == []
    np.testing.assert_allclose(
        outputs[0, :, 0, 0, -1], [-1, -0.5, 0, 1.5], rtol=1e-6, atol=1e-6
    )
    assert layer.get_config()["shift"] is False
    assert layer(clip)[0, 2, 0, 0, -1].numpy() == pytest.approx(2.7 / 1.75**0.5)


def made(values, **kwargs):
    """A layer with the given (beta, mean, variance) of each channel."""
    layer = BatchNorm(**kwargs)
    layer.build([None, None, None, None, len(values[0])])
    layer.set_weights([np.float32(value) for value in values])
    return layer


WEIGHTS = ([0.5, -1.0], [2.0, -3.0], [4.0, 0.25])


def weights(channels):
    """Of 8 channels TensorFlow's kernel takes care, of 2 our own sums."""
    return np.tile(WEIGHTS, channels // 2)


def test_inference_uses_the_moving_averages(seed):
    inputs = np.random.normal(size=[2, 3, 4, 5, 2])
    beta, mean, variance = np.array(WEIGHTS)
    expected = (inputs - mean) / np.sqrt(variance + 1e-3) + beta
    layer = made(WEIGHTS)
    for training in (False, None):
        outputs = layer(tf.constant(inputs, tf.float32), training=training)
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    for value, given in zip(layer.get_weights(), WEIGHTS, strict=True):
        np.testing.assert_array_equal(value, given)


@pytest.mark.parametrize("channels", [2, 8])
@pytest.mark.parametrize("graph", [False, True])
def test_gradient_is_that_of_the_formula(seed, graph, channels):
    """dx = (g - mean(g) - x^ mean(g x^)) / sqrt(var + eps), dbeta = sum(g).

    The textbook gradient of the non-fused formula, in float64; axes of four
    different lengths, unknown to the graph.
    """
    inputs = np.random.normal(3, 2, [2, 3, 4, 5, channels])
    upstream = np.random.normal(size=inputs.shape)
    axes = (0, 1, 2, 3)
    variance = inputs.var(axes)
    scale = 1 / np.sqrt(variance + 1e-3)
    normal = (inputs - inputs.mean(axes)) * scale
    expected = scale * (
        upstream - upstream.mean(axes) - normal * (upstream * normal).mean(axes)
    )
    layer = made(weights(channels), momentum=0.5)

    def gradients(x, g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=True)
            loss = tf.reduce_sum(g * outputs)
        return outputs, tape.gradient(loss, [x, layer.beta])

    if graph:
        clip = tf.TensorSpec([None, None, None, None, channels])
        gradients = tf.function(gradients, input_signature=[clip, clip])
    outputs, (to_inputs, to_beta) = gradients(
        tf.constant(inputs, tf.float32), tf.constant(upstream, tf.float32)
    )
    np.testing.assert_allclose(
        outputs, normal + weights(channels)[0], atol=1e-5
    )
    np.testing.assert_allclose(to_inputs, expected, atol=1e-5)
    np.testing.assert_allclose(to_beta, upstream.sum(axes), rtol=1e-5)
    np.testing.assert_allclose(
        layer.moving_variance,
        weights(channels)[2] / 2 + variance / 2,
        rtol=1e-5,
    )


@pytest.mark.parametrize("channels", [2, 8])
def test_equals_keras_layer_without_fusing(seed, channels):
    """Keras 2's non-fused layer is biased as well; three updates."""
    ours = made(weights(channels), momentum=0.8)
    theirs = keras.layers.BatchNormalization(
        momentum=0.8, epsilon=1e-3, scale=False, fused=False
    )
    theirs.build([None, None, None, None, channels])
    theirs.set_weights([np.float32(value) for value in weights(channels)])
    for _ in range(3):
        inputs = tf.random.normal([2, 2, 3, 3, channels], 1.0, 2.0)
        np.testing.assert_allclose(
            ours(inputs, training=True),
            theirs(inputs, training=True),
            atol=1e-5,
        )
    for mine, other in zip(
        ours.get_weights(), theirs.get_weights(), strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 8])
@pytest.mark.parametrize("graph", [False, True])
def test_a_scale_and_the_unbiased_variance(graph, channels):
    """1, 2, 3, 6 as above; gamma 2, beta 1: (x - 3) / 2 * 2 + 1.

    Unbiased variance 14 / 3; momentum 0.9: 0.9 + 0.1 * 14 / 3. The gradient of
    the sum of g y by gamma is that of the normalised values, -1 to 1.5, with g
    = 1, 0, 0, 2; by beta, their sum. As PyTorch's BatchNorm3d.
    """
    layer = BatchNorm(0.9, 0.5, scale=True, unbiased=True)
    layer.build([None, None, None, None, channels])
    names = [v.name.split("/")[-1] for v in layer.weights]
    assert names == ["gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"]
    layer.gamma.assign([2.0] * channels)
    layer.beta.assign([1.0] * channels)

    def alike(*values):
        return tf.repeat(column(*values), channels, axis=-1)

    upstream = alike(1, 0, 0, 2)

    def run(x):
        with tf.GradientTape() as tape:
            outputs = layer(x, training=True)
            loss = tf.reduce_sum(upstream * outputs)
        return outputs, tape.gradient(loss, layer.trainable_weights)

    if graph:
        run = tf.function(
            run, input_signature=[tf.TensorSpec([None] * 4 + [channels])]
        )
    outputs, (to_gamma, to_beta) = run(alike(1, 2, 3, 6))
    np.testing.assert_allclose(outputs, alike(-1, 0, 1, 4), atol=1e-6)
    np.testing.assert_allclose(to_gamma, -1 + 2 * 1.5, rtol=1e-6)
    np.testing.assert_allclose(to_beta, 3, rtol=1e-6)
    np.testing.assert_allclose(layer.moving_mean, 0.3, rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 1.4 / 3, rtol=1e-6)
    # In inference: (3 - 0.3) / sqrt(variance + 0.5) * 2 + 1.
    expected = 2.7 / np.sqrt(0.9 + 1.4 / 3 + 0.5) * 2 + 1
    np.testing.assert_allclose(layer(alike(3)).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("unbiased", [False, True])
def test_groups_are_like_devices(seed, unbiased):
    """Four clips in groups of two: each group as a layer of its own.

    Averages follow the mean over the groups, as over replicas.
    """
    inputs = np.float32(np.random.normal(size=[4, 2, 3, 1, 2]))
    options = {"scale": True, "unbiased": unbiased, "momentum": 0.9}
    layer = BatchNorm(clips=2, **options)
    outputs = layer(inputs, training=True)
    alone = [BatchNorm(**options) for _ in range(2)]
    parts = [
        one(inputs[2 * i : 2 * i + 2], training=True)
        for i, one in enumerate(alone)
    ]
    np.testing.assert_allclose(outputs, tf.concat(parts, 0), atol=2e-6)
    for name in ("moving_mean", "moving_variance"):
        mean = np.mean([getattr(one, name) for one in alone], axis=0)
        np.testing.assert_allclose(getattr(layer, name), mean, atol=1e-6)


def test_groups_that_do_not_divide_the_batch():
    with pytest.raises(UserError, match="3 clips of a batch, .*clips=2"):
        BatchNorm(clips=2)(tf.zeros([3, 1, 1, 1, 2]), training=True)


def test_inference_knows_no_groups():
    layer = made(WEIGHTS, clips=2)
    assert layer(tf.zeros([3, 1, 1, 1, 2])).shape == (3, 1, 1, 1, 2)


def test_a_scale_that_starts_at_zero():
    layer = BatchNorm(scale=True, gamma_initializer="zeros")
    np.testing.assert_array_equal(layer(column(5, 6)).numpy().ravel(), [0, 0])
    copy = BatchNorm.from_config(layer.get_config())
    assert copy.scale and not copy.unbiased
    assert copy.gamma_initializer == "zeros"


def test_synchronized_unbiased_variance(replicas):
    """As below, 27.5 * 4 / 3; momentum 0.5 from 1."""
    parts = [column(1, 3).numpy(), column(10, 14).numpy()]
    _, _, layer = normalise_in_parts(
        replicas,
        parts,
        momentum=0.5,
        synchronized=True,
        scale=True,
        unbiased=True,
    )
    np.testing.assert_allclose(
        layer.moving_variance.numpy(), [0.5 + 27.5 * 2 / 3], rtol=1e-6
    )


def test_frozen_layer_does_not_move(seed):
    layer = made(WEIGHTS)
    layer.trainable = False
    inputs = tf.random.normal([2, 3, 4, 5, 2])
    np.testing.assert_array_equal(
        layer(inputs, training=True), layer(inputs, training=False)
    )
    for value, given in zip(layer.get_weights(), WEIGHTS, strict=True):
        np.testing.assert_array_equal(value, given)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_inputs_float32_statistics(dtype):
    """2048 values of 300 +- 1: their sum, 614,400, is no float16.

    Mean 300, variance 1; momentum 0.5: 150 and 0.5 * 1 + 0.5 * 1. Values are
    those that the type can hold: bfloat16 steps by 2 around 300.
    """
    step = {"float16": 1.0, "bfloat16": 2.0}[dtype]
    inputs = np.full([2, 4, 16, 16, 1], 300.0)
    inputs[..., ::2, :] += step
    inputs[..., 1::2, :] -= step
    inputs = tf.constant(inputs, dtype)
    layer = BatchNorm(momentum=0.5, dtype=f"mixed_{dtype}")
    outputs = layer(inputs, training=True)
    assert outputs.dtype == dtype
    assert {v.dtype for v in layer.weights} == {tf.float32}
    np.testing.assert_allclose(layer.moving_mean, [150.0], rtol=1e-6)
    np.testing.assert_allclose(
        layer.moving_variance, [0.5 + step**2 / 2], rtol=1e-5
    )
    np.testing.assert_allclose(
        tf.cast(outputs, tf.float32),
        np.sign(inputs.numpy().astype(np.float32) - 300),
        atol=1e-2,
    )
    assert layer(inputs, training=False).dtype == dtype


@pytest.mark.parametrize("graph", [False, True])
def test_averages_at_rest(graph, seed):
    """The batch normalises as ever; nothing moves, and after it all does."""
    layer = made(WEIGHTS)
    inputs = tf.random.normal([2, 3, 4, 5, 2])

    def run(x):
        with averages_at_rest():
            return layer(x, training=True)

    outputs = (tf.function(run) if graph else run)(inputs)
    for value, given in zip(layer.get_weights(), WEIGHTS, strict=True):
        np.testing.assert_array_equal(value, given)
    # A graph may sum in another order.
    np.testing.assert_allclose(outputs, layer(inputs, training=True), atol=1e-6)
    assert (layer.moving_mean.numpy() != WEIGHTS[1]).all()


def test_configuration_round_trip():
    layer = BatchNorm(momentum=0.7, epsilon=0.1, synchronized=True, name="bn")
    copy = BatchNorm.from_config(layer.get_config())
    assert (copy.momentum, copy.epsilon, copy.synchronized, copy.name) == (
        0.7,
        0.1,
        True,
        "bn",
    )


def normalise_in_parts(strategy, parts, upstream=None, **kwargs):
    """A training call per replica; outputs, gradients and the layer."""
    with strategy.scope():
        layer = BatchNorm(**kwargs)
        layer.build([None, None, None, None, parts[0].shape[-1]])
    upstream = upstream or [np.ones_like(part) for part in parts]

    def give(values):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                values[context.replica_id_in_sync_group], layer.compute_dtype
            )
        )

    def step(x, g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=True)
            loss = tf.reduce_sum(g * outputs)
        return outputs, tape.gradient(loss, x)

    @tf.function
    def run(x, g):
        return strategy.run(step, (x, g))

    outputs, gradients = (
        [value.numpy() for value in strategy.experimental_local_results(each)]
        for each in run(give(parts), give(upstream))
    )
    return outputs, gradients, layer


def test_each_replica_normalises_its_own_part(replicas):
    """Parts (1, 3): mean 2, variance 1; (10, 14): mean 12, variance 4.

    Outputs are -1, 1 in both. Mean of means 7, mean of variances 2.5; momentum
    0.5 from (0, 1): 3.5 and 1.75.
    """
    parts = [column(1, 3).numpy(), column(10, 14).numpy()]
    outputs, _, layer = normalise_in_parts(
        replicas, parts, momentum=0.5, epsilon=0.0
    )
    for output in outputs:
        np.testing.assert_allclose(output.ravel(), [-1, 1], atol=1e-6)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [3.5], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), [1.75], rtol=1e-6)


def test_synchronized_uses_the_whole_batch(replicas):
    """(1, 3) and (10, 14): mean 7, variance (36 + 16 + 9 + 49) / 4 = 27.5.

    With epsilon 8.5 the divisor is 6. Momentum 0.5 from (0, 1): 3.5 and 14.25.
    """
    parts = [column(1, 3).numpy(), column(10, 14).numpy()]
    outputs, _, layer = normalise_in_parts(
        replicas, parts, momentum=0.5, epsilon=8.5, synchronized=True
    )
    np.testing.assert_allclose(outputs[0].ravel(), [-1, -4 / 6], rtol=1e-6)
    np.testing.assert_allclose(outputs[1].ravel(), [3 / 6, 7 / 6], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [3.5], rtol=1e-6)
    np.testing.assert_allclose(
        layer.moving_variance.numpy(), [14.25], rtol=1e-6
    )


def test_synchronized_statistics_are_float32(replicas):
    """2 x 1024 values of 300 +- 1, whose squares are no float16: see above."""
    part = np.full([1, 4, 16, 16, 1], 299.0)
    part[..., ::2, :] = 301
    outputs, _, layer = normalise_in_parts(
        replicas,
        [part, part],
        momentum=0.5,
        synchronized=True,
        dtype="mixed_float16",
    )
    np.testing.assert_allclose(layer.moving_mean.numpy(), [150], rtol=1e-6)
    # 90,001 - 90,000 in float32: to 1/128.
    np.testing.assert_allclose(layer.moving_variance.numpy(), [1], atol=0.01)
    assert outputs[1].dtype == np.float16
    np.testing.assert_allclose(outputs[1], np.sign(part - 300), atol=0.02)


def split_against_whole(replicas, sizes, **kwargs):
    """Two synchronized replicas, and one device with the joined batch."""
    rng = np.random.default_rng(3)
    parts = [rng.normal(i, 1 + i, [n, 2, 3, 3, 2]) for i, n in enumerate(sizes)]
    upstream = [rng.normal(size=part.shape) for part in parts]
    outputs, gradients, split = normalise_in_parts(
        replicas, parts, upstream, synchronized=True, **kwargs
    )
    joined, gradient, whole = normalise_in_parts(
        tf.distribute.get_strategy(),
        [np.concatenate(parts)],
        [np.concatenate(upstream)],
        **kwargs,
    )
    # Values of size 1, float32, sums over some 50 numbers: errors near 1e-6.
    np.testing.assert_allclose(np.concatenate(outputs), joined[0], atol=5e-6)
    np.testing.assert_allclose(
        np.concatenate(gradients), gradient[0], atol=5e-6
    )
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(
            getattr(split, name).numpy(),
            getattr(whole, name).numpy(),
            rtol=2e-6,
        )


def test_synchronized_gradient_is_that_of_the_whole_batch(replicas):
    split_against_whole(replicas, [3, 3], momentum=0.5)


def test_synchronized_with_unequal_parts(replicas):
    split_against_whole(replicas, [3, 2], momentum=0.5)


def test_synchronized_with_a_scale(replicas):
    options = {"momentum": 0.5, "scale": True, "unbiased": True}
    split_against_whole(replicas, [3, 2], **options)


@pytest.mark.parametrize("synchronized", [False, True])
def test_a_replica_without_clips_changes_nothing(replicas, synchronized):
    """A last batch of one clip: (1, 3) on one replica, none on the other.

    Mean 2, variance 1; momentum 0.5. Only who saw something can tell:
    moving mean 1, moving variance 1 (or, averaged with a replica that keeps
    what it had, 0.5 and 1, both of which are finite and safe).
    """
    parts = [column(1, 3).numpy(), np.zeros([0, 2, 1, 1, 1])]
    outputs, _, layer = normalise_in_parts(
        replicas, parts, momentum=0.5, epsilon=0.0, synchronized=synchronized
    )
    np.testing.assert_allclose(outputs[0].ravel(), [-1, 1], atol=1e-6)
    assert layer.moving_mean.numpy().item() in (0.5, 1.0)
    assert layer.moving_variance.numpy().item() == 1


def test_frozen_statistics_stay_while_the_shift_is_trained():
    """Mean 0 and variance 1 of the start; epsilon 0: y = x + 2.

    The gradient of a sum of two values with respect to the shift is 2.
    """
    layer = BatchNorm(momentum=0.9, epsilon=0.0)
    layer(column(0, 0))
    layer.beta.assign([2.0])
    layer.frozen_statistics = True
    with tf.GradientTape() as tape:
        outputs = layer(column(5, 7), training=True)
    np.testing.assert_allclose(outputs.numpy().ravel(), [7, 9])
    assert [v.name for v in layer.trainable_variables] == [layer.beta.name]
    np.testing.assert_allclose(tape.gradient(outputs, layer.beta), [2])
    np.testing.assert_array_equal(layer.moving_mean, [0])
    np.testing.assert_array_equal(layer.moving_variance, [1])


@pytest.mark.parametrize("shape", [(12, 8), (4, 3, 8), (12, 5), (4, 3, 5)])
def test_fewer_axes_are_the_same_rows(shape):
    """Rows are what is normalised, however they are laid out."""
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    flat = BatchNorm(scale=True, momentum=0.5)
    layer = BatchNorm(scale=True, momentum=0.5)
    clips = rows.reshape(1, 12, 1, 1, shape[-1])
    found = layer(rows, training=True)
    expected = flat(clips, training=True)
    np.testing.assert_allclose(
        np.ravel(found), np.ravel(expected), rtol=1e-5, atol=1e-6
    )
    for one, other in zip(layer.weights, flat.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
