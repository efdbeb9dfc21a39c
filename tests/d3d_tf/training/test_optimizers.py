"""Adam and SGD against Keras' own, to the bit, and how small their graph is."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.training import optimizers

SHAPES = [(1,), (3,), (7, 5), (1, 3, 3, 8, 16)]


def rate():
    return keras.optimizers.schedules.CosineDecay(0.01, 20)


PAIRS = {
    "adam": (optimizers.Adam, keras.optimizers.Adam, {}),
    "sgd": (optimizers.SGD, keras.optimizers.SGD, {"momentum": 0.9}),
    "no momentum": (optimizers.SGD, keras.optimizers.SGD, {}),
    "amsgrad": (optimizers.Adam, keras.optimizers.Adam, {"amsgrad": True}),
}


def trained(make, settings, strategy, steps=8):
    """Variables and slots after some steps of gradients of many sizes."""
    rng = np.random.default_rng(0)
    starts = [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]
    scales = [np.float32(10.0 ** rng.integers(-6, 4)) for _ in range(steps)]
    with strategy.scope():
        variables = [tf.Variable(start) for start in starts]
        optimizer = make(rate(), **settings)
        optimizer.build(variables)

    def apply(gradients):
        own = [tf.identity(gradient) for gradient in gradients]
        optimizer.apply_gradients(zip(own, variables, strict=True))

    @tf.function
    def step(gradients):
        strategy.run(apply, [gradients])

    for scale in scales:
        step([scale * rng.normal(size=s).astype(np.float32) for s in SHAPES])
    slots = optimizer.variables
    slots = slots() if callable(slots) else slots
    return [v.numpy() for v in [*variables, *slots]]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_as_keras_to_the_bit(pair, mirrored, request):
    ours, theirs, settings = PAIRS[pair]
    strategy = tf.distribute.get_strategy()
    if mirrored:
        strategy = request.getfixturevalue("replicas")
    for mine, other in zip(
        trained(ours, settings, strategy),
        trained(theirs, settings, strategy),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, other)


# MMAction2's TSMOptimWrapperConstructor with fc_lr5, by variable.
MULTIPLES = {
    "trunk/stem/conv1/kernel": 1,
    "trunk/stem/bn1/gamma": 1,
    "trunk/stem/bn1/beta": 1,
    "trunk/layer1/lstm/u_in/kernel": 1,
    "trunk/layer1/lstm/u_in/bias": 2,
    "head/fc_cls/kernel": 5,
    "head/fc_cls/bias": 10,
}


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("fused", [False, True])
def test_groups_of_tsm(mirrored, fused, request):
    """Each variable as if it alone were trained by Keras, at its own rate."""
    strategy = tf.distribute.get_strategy()
    if mirrored:
        strategy = request.getfixturevalue("replicas")
    gradients = np.float32([0.3, -0.7])

    def end_of(make, names):
        with strategy.scope():
            weights = [tf.Variable([1.0, 2.0], name=name) for name in names]
            optimizer = make()
            optimizer.jit_compile = not fused
            optimizer.build(weights)

        def apply():
            pairs = [(tf.constant(gradients), weight) for weight in weights]
            optimizer.apply_gradients(pairs)

        if mirrored:  # XLA cannot.
            optimizer._update_step_xla = lambda g, v, key: (
                optimizer._update_step(g, v)
            )
        for _ in range(3):
            tf.function(lambda: strategy.run(apply))()
        return [weight.numpy() for weight in weights]

    ours = end_of(
        lambda: optimizers.SGD(rate(), momentum=0.9, groups="tsm"), MULTIPLES
    )
    for found, (name, multiple) in zip(ours, MULTIPLES.items(), strict=True):
        plain = keras.optimizers.schedules.CosineDecay(0.01 * multiple, 20)
        (expected,) = end_of(
            lambda plain=plain: keras.optimizers.SGD(plain, momentum=0.9),
            [name],
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("pair", ["adam", "sgd"])
def test_eager_and_with_a_fixed_rate(pair):
    ours, theirs, settings = PAIRS[pair]
    ends = []
    for make in (ours, theirs):
        weight = tf.Variable([1.0, -2.0, 3.0])
        optimizer = make(0.05, **settings)
        for k in range(3):
            gradient = tf.constant([0.3, -0.7, 1.1 + k])
            optimizer.apply_gradients([(gradient, weight)])
        ends.append(weight.numpy())
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("pair", ["adam", "sgd"])
def test_rows_of_a_table(pair):
    """Sparse gradients are Keras' business."""
    ours, theirs, settings = PAIRS[pair]
    ends = []
    for make in (ours, theirs):
        table = tf.Variable(tf.reshape(tf.range(6.0), [3, 2]))
        optimizer = make(0.05, **settings)
        for row in (0, 2, 0):
            gradient = tf.IndexedSlices(
                tf.constant([[0.5, -1.5]]), tf.constant([row]), [3, 2]
            )
            optimizer.apply_gradients([(gradient, table)])
        ends.append(table.numpy())
    np.testing.assert_array_equal(*ends)


def test_loss_scaling_wraps_it():
    """As mixed_float16 does: a gradient of inf leaves out a step, but counts.

    So Adam's second begins from zeros: m = 0.1 g, v = 0.001 g^2, the rate is
    0.1 sqrt(1 - 0.999^2) / (1 - 0.9^2) = 0.02353, the way 0.07441.
    """
    optimizer = keras.mixed_precision.LossScaleOptimizer(
        optimizers.Adam(0.1), initial_scale=8.0
    )
    weight = tf.Variable(1.0)
    step = tf.function(
        lambda g: optimizer.apply_gradients(
            [(optimizer.get_unscaled_gradients([g])[0], weight)]
        )
    )
    step(tf.constant(np.inf, tf.float32))
    assert float(weight) == 1
    step(tf.constant(8.0))
    assert float(weight) == pytest.approx(1 - 0.07441, abs=1e-5)


@pytest.mark.parametrize("pair, most", [("adam", 9), ("sgd", 2)])
def test_operations_per_variable(pair, most):
    """What 20 more variables add, their handles aside.

    One of them is the sum over replicas.
    """
    make, _, settings = PAIRS[pair]
    counts = []
    for number in (5, 25):
        variables = [tf.Variable(tf.ones([3])) for _ in range(number)]
        optimizer = make(rate(), **settings)
        optimizer.build(variables)

        @tf.function
        def step(gradients, optimizer=optimizer, variables=variables):
            optimizer.apply_gradients(zip(gradients, variables, strict=True))

        graph = step.get_concrete_function([tf.ones([3])] * number).graph
        kinds = collections.Counter(op.type for op in graph.get_operations())
        del kinds["Placeholder"]
        counts.append(sum(kinds.values()))
    assert counts[1] - counts[0] <= 20 * most


def test_configuration_survives():
    ours = keras.optimizers.deserialize(
        keras.optimizers.serialize(optimizers.Adam(0.3))
    )
    assert isinstance(ours, optimizers.Adam)
    assert float(ours.learning_rate) == pytest.approx(0.3)
    ours = keras.optimizers.deserialize(
        keras.optimizers.serialize(optimizers.SGD(0.3, groups="tsm"))
    )
    assert ours.groups == "tsm"


def test_checkpoints_are_those_of_keras(tmp_path):
    """One of Keras' own, read after a step; nothing is missing or left over."""
    weight = tf.Variable([1.0, 2.0])
    theirs, ours = keras.optimizers.Adam(0.1), optimizers.Adam(0.1)
    for optimizer in (theirs, ours):
        optimizer.apply_gradients([(tf.constant([1.0, -1.0]), weight)])
    path = tf.train.Checkpoint(optimizer=theirs).write(str(tmp_path / "c"))
    status = tf.train.Checkpoint(optimizer=ours).read(path)
    status.assert_consumed()
