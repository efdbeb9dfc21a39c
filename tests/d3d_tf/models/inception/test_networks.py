"""The four networks: defaults, names, configuration, saving, precision.

That their numbers are the original ones: test_parity.py. What they hold as all
families do: test_family.py.
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.models import FAMILIES, make_network
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.inception.networks import (
    I3D,
    NETWORKS,
    OPTIONS,
    S3D,
    S3DG,
    NonLocalS3DG,
)
from tests.d3d_tf.golden_networks import conv_units, slim_names
from tests.harness import randomize

TINY = {"depth_multiplier": 1 / 64, "min_depth": 2}
OTHER = {
    "num_classes": 5,
    "dropout": 0.4,
    "depth_multiplier": 1 / 64,
    "min_depth": 3,
    "first_temporal_kernel": 1,
    "temporal_conv_start_at": "Mixed_5b",
    "gating_start_at": "Mixed_4f",
    "final_endpoint": "Mixed_5b",
    "head_pooling": "global",
    "weight_decay": 0.3,
    "batch_norm_momentum": 0.8,
    "synchronized_batch_norm": True,
    "fan_in_initializer": True,
    "recompute": True,
    "normaliser": "dnr",
    "statistics": "group",
    "frames_per_group": 3,
    "bidirectional": True,
    "reduction": 2,
}
FAMILY = [S3DG, S3D, I3D, NonLocalS3DG]
# Blocks side by side, a gate, a temporal half.
SHORT = {
    "final_endpoint": "Mixed_3b",
    "gating_start_at": "Mixed_3b",
    "temporal_conv_start_at": "Mixed_3b",
}


@pytest.fixture(scope="module")
def tiny():
    """All kinds of layers, in every place."""
    network = NonLocalS3DG(3, **TINY, name="net")
    network(tf.zeros([1, 2, 32, 32, 3]))
    return network


@pytest.mark.parametrize("family", FAMILY)
def test_configuration_holds_every_argument(family):
    """An argument added to the class and forgotten in get_config fails here."""
    assert {*OPTIONS, "num_classes"} == set(OTHER)
    defaults = S3DG().get_config()
    assert all(OTHER[name] != defaults[name] for name in OTHER)
    config = family(**OTHER).get_config()
    assert {name: config[name] for name in OTHER} == OTHER
    assert family.from_config(config).get_config() == config


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"temporal_conv_start_at": "Mixed_6a"}, "or one of.*3b.*Mixed_6a"),
        ({"gating_start_at": "mixed_3b"}, "or one of.*mixed_3b"),
        ({"final_endpoint": "Logits"}, "must be one of.*Logits"),
        ({"first_temporal_kernel": 2}, "must be 1, 3, 5, 7 or null.*got 2"),
        ({"depth_multiplier": 0}, "above 0; got 0"),
    ],
)
def test_impossible_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        S3DG(3, **wrong)


def test_an_argument_that_there_is_not():
    with pytest.raises(TypeError, match="depth_multiplyer"):
        S3DG(3, depth_multiplyer=2)


@pytest.mark.parametrize(
    "family, first, gates, separable, non_local",
    [
        (S3DG, 3, 37, 19, 0),
        (S3D, 3, 0, 19, 0),
        (I3D, 7, 0, 0, 0),
        (NonLocalS3DG, 3, 37, 19, 2),
    ],
)
def test_defaults_are_the_papers(family, first, gates, separable, non_local):
    """Facts, 1 and 3; methods.md, 2."""
    network = family()
    units = [unit for _, unit in conv_units(network)]
    assert units[0].conv.kernel_size == (first, 7, 7)
    assert sum(unit.self_gating is not None for unit in units) == gates
    assert sum(unit.temporal is not None for unit in units) == separable
    blocks = network.trunk.non_locals
    assert [block.name for block in blocks] == [
        "Mixed_5b/NonLocal",
        "Mixed_5c/NonLocal",
    ][:non_local]
    assert network.head.logits.filters == 400
    assert network.head.pooling == "overlapping"


def test_non_local_network_starts_as_s3dg(seed):
    """The weights of an S3D-G fit, and its logits come out."""
    tiny = S3DG(3, **TINY)
    clip = tf.random.normal([2, 9, 40, 40, 3])
    expected = tiny(clip)
    network = NonLocalS3DG(3, **TINY)
    network(clip)
    variables = slim_names(network)
    for name, variable in slim_names(tiny).items():
        variables.pop(name).assign(variable)
    assert len(variables) == 2 * 4 * 2
    np.testing.assert_array_equal(network(clip), expected)


def test_variables_are_named_as_in_tf_slim(tiny):
    """Facts, 7; `Conv3D` and `BatchNorm` have Keras' names for the last part.

    Runs on disk are read by these paths.
    """
    names = [v.name for v in tiny.variables]
    assert len(set(names)) == len(names) == 305 + 2 * 4 * 2
    for name in (
        "Conv2d_1a_7x7/conv/kernel",
        "Mixed_3b/Branch_1/Conv2d_0b_3x3/temporal/bias",
        "Mixed_5c/Branch_3/Conv2d_0b_1x1/self_gating/transformer_W/kernel",
        "Mixed_4f/Branch_0/Conv2d_0a_1x1/BatchNorm/moving_variance",
        "Mixed_5b/NonLocal/theta/bias",
    ):
        assert f"net/InceptionV1/{name}:0" in names
    assert "net/Logits/Conv2d_0c_1x1/bias:0" in names


def test_object_paths_in_checkpoints_stay(tiny, tmp_path):
    """What runs of older versions have on disk; non-local blocks beside it."""
    path = tf.train.Checkpoint(network=tiny).save(str(tmp_path / "ckpt"))
    found = {name for name, _ in tf.train.list_variables(path)}
    for name in (
        "trunk/units/0/conv/kernel",
        "trunk/units/15/Branch_1/1/temporal/kernel",
        "trunk/units/15/Branch_0/0/self_gating/transformer_W/kernel",
        "trunk/units/5/Branch_3/0/batch_norm/moving_mean",
        "trunk/non_locals/1/z/kernel",
        "head/logits/bias",
    ):
        assert f"network/{name}/.ATTRIBUTES/VARIABLE_VALUE" in found, name


def test_arguments_reach_the_layers(seed):
    """One layer of each kind, in the network of OTHER."""
    network = S3DG(**OTHER)
    network(tf.zeros([1, 2, 16, 16, 3]))
    units = {unit.name: unit for unit in network.trunk.units}
    first = units["Conv2d_1a_7x7"]
    # max(64 / 64, 3) channels from a 1 x 7 x 7 kernel.
    assert first.conv.kernel.shape == [1, 7, 7, 3, 3]
    # Variance 2 / 147; the truncated normal of 0.01 is 13 times smaller.
    assert 0.05 < first.conv.kernel.numpy().std() < 0.2
    assert first.batch_norm.momentum == 0.8 and first.batch_norm.synchronized
    for name, gated, separated in (
        ("Mixed_4e", False, False),
        ("Mixed_4f", True, False),
        ("Mixed_5b", True, True),
    ):
        unit = units[name].Branch_1[1]
        assert (unit.self_gating is not None) == gated
        assert (unit.temporal is not None) == separated
    assert network.head.dropout.rate == 0.4
    assert network.head.logits.filters == 5
    # And all variables of DNR's cells.
    kernels = [
        v
        for v in network.trainable_variables
        if v.shape.rank == 5 or "/lstm/" in v.name
    ]
    squares = sum(float(tf.reduce_sum(kernel**2)) for kernel in kernels)
    assert float(sum(network.losses)) == pytest.approx(0.3 * squares / 2, 1e-4)


@pytest.mark.parametrize(
    "family, changes",
    [
        (S3DG, SHORT),
        *(
            pytest.param(f, {}, marks=pytest.mark.large)
            for f in (S3D, I3D, NonLocalS3DG)
        ),
    ],
)
def test_saved_and_loaded(family, changes, tmp_path, seed):
    """`.keras`: the same class, arguments, weights, outputs, and penalty."""
    network = family(**OTHER | changes)
    clip = tf.random.normal([2, 3, 20, 17, 3])
    network(clip, training=True)
    for variable in network.variables:
        variable.assign_add(tf.random.uniform(variable.shape, 0, 0.1))
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    assert type(loaded) is family
    assert loaded.get_config() == network.get_config()
    for before, after in zip(
        network.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(network(clip), loaded(clip))
    np.testing.assert_allclose(sum(network.losses), sum(loaded.losses))
    gates = loaded.trunk.units[-1].Branch_0[0]
    assert gates.self_gating is not None


@pytest.mark.parametrize(
    "file",
    ["weights", "x.weights.h5", "x.h5"],
)
def test_weights_in_every_format_of_keras(tiny, tmp_path, seed, file):
    """The oldest, x.h5, wants a different name for every variable."""
    for variable in tiny.variables:
        variable.assign_add(tf.random.uniform(variable.shape, 0, 1))
    weights = tiny.get_weights()
    tiny.save_weights(tmp_path / file)
    tiny.set_weights([np.zeros_like(value) for value in weights])
    tiny.load_weights(tmp_path / file)
    for before, after in zip(weights, tiny.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("shape", [(1, 1, 1), (9, 40, 24)])
def test_any_size(tiny, shape):
    """Of all layers; frames need not be square."""
    logits = tiny(tf.zeros([2, *shape, 3]))
    assert logits.shape == [2, 3]
    assert logits.dtype == tf.float32


def trainer_of(network):
    trainer = StreamTrainer(network)
    trainer.compile(keras.optimizers.SGD(0.1))
    return trainer


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
@pytest.mark.parametrize(
    "family, final_endpoint",
    [
        (S3DG, "Conv2d_2c_3x3"),
        pytest.param(S3DG, "Mixed_3b", marks=pytest.mark.large),
        pytest.param(I3D, "Mixed_5c", marks=pytest.mark.large),
        pytest.param(NonLocalS3DG, "Mixed_5c", marks=pytest.mark.large),
    ],
)
def test_mixed_precision(family, final_endpoint, half, precision, seed):
    """Features are half, logits, loss and variables float32, also trained.

    With float16 Keras scales the loss by 2^15 at first, and halves that at
    every step whose gradient is infinite.
    """
    precision(f"mixed_{half}")
    network = family(
        3,
        **TINY,
        dropout=0.0,
        final_endpoint=final_endpoint,
        fan_in_initializer=True,
    )
    clip, labels = tf.random.normal([2, 2, 32, 32, 3]), tf.constant([0, 2])
    features = network.features(clip)
    assert {net.dtype.name for net in features.values()} == {half}
    assert network(clip, training=True).dtype == tf.float32
    assert {variable.dtype for variable in network.variables} == {tf.float32}
    trainer = trainer_of(network)
    losses = trainer.clip_losses(clip, labels, network(clip))
    assert losses["classification_loss"][1].dtype == tf.float32
    before = [v.numpy() for v in network.trainable_variables]
    for _ in range(15):
        assert np.isfinite(trainer.train_on_batch(clip, labels)).all()
    after = [v.numpy() for v in network.trainable_variables]
    assert all(np.isfinite(value).all() for value in after)
    moved = [(a != b).any() for a, b in zip(before, after, strict=True)]
    assert sum(moved) > 0.9 * len(moved)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_mixed_precision_gradients_are_near_float32(half, precision, seed):
    """bfloat16 has 8 bits: a relative error of some 2^-8 per layer.

    A wrong filter gradient is off by half or more.
    """
    kernels = []
    clip = tf.random.normal([2, 4, 32, 32, 3])
    weights = None
    for policy in ("float32", f"mixed_{half}"):
        precision(policy)
        network = S3DG(
            3,
            **TINY,
            final_endpoint="Conv2d_2c_3x3",
            fan_in_initializer=True,
        )
        network(clip)
        weights = weights or network.get_weights()
        network.set_weights(weights)
        with tf.GradientTape() as tape:
            features = network.trunk(clip, training=True)["Conv2d_2c_3x3"]
            loss = tf.reduce_mean(tf.cast(features, tf.float32) ** 2)
        unit = network.trunk.units[3]
        to = [unit.conv.kernel, unit.temporal.kernel]
        kernels.append(tape.gradient(loss, to))
    for exact, rough in zip(*kernels, strict=True):
        error = tf.norm(exact - rough) / tf.norm(exact)
        assert float(error) < 0.05


def trained_once(network, clip, compiled: bool) -> list[np.ndarray]:
    """Loss, then all variables, after a step of plain SGD."""
    labels = tf.constant([1, 0])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(network.trainable_variables)

    @tf.function(jit_compile=compiled)
    def step():
        with tf.GradientTape() as tape:
            logits = network(clip, training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            )
        variables = network.trainable_variables
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    return [step().numpy(), *network.get_weights()]


@pytest.mark.parametrize(
    "family, final_endpoint, recompute",
    [
        (S3DG, "Conv2d_2c_3x3", False),
        (S3DG, "Conv2d_2c_3x3", True),
        (I3D, "Mixed_3b", False),
    ],
)
@pytest.mark.large
def test_xla_compiles_the_step(family, final_endpoint, recompute, seed):
    """Loss and variables after a step are those of the step without XLA."""
    clip = tf.random.normal([2, 4, 32, 32, 3])
    network = family(
        3,
        **TINY,
        dropout=0.0,
        final_endpoint=final_endpoint,
        recompute=recompute,
    )
    network(clip)
    weights = network.get_weights()
    plain = trained_once(network, clip, compiled=False)
    network.set_weights(weights)
    xla = trained_once(network, clip, compiled=True)
    for one, other in zip(plain, xla, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.large
def test_xla_compiles_the_step_of_a_whole_network(seed):
    """Batch statistics of few values enlarge what is rounded: XLA may move a
    variable by a few times what a change of the clip by 1e-6 does.
    """
    clip = tf.random.normal([2, 16, 64, 64, 3])
    network = S3DG(3, **TINY, dropout=0.0)
    network(clip)
    randomize(network)
    weights = network.get_weights()

    def run(clip, compiled):
        network.set_weights(weights)
        loss, *found = trained_once(network, clip, compiled)
        moved = [a - b for a, b in zip(found, weights, strict=True)]
        return loss, np.concatenate([change.ravel() for change in moved])

    loss, plain = run(clip, compiled=False)
    _, noisy = run(clip * (1 + 1e-6 * tf.random.normal(clip.shape)), False)
    xla_loss, xla = run(clip, compiled=True)
    assert xla_loss == pytest.approx(loss, abs=1e-5)
    rounding = np.linalg.norm(noisy - plain)
    assert 0 < rounding < 1e-2 * np.linalg.norm(plain)
    assert np.linalg.norm(xla - plain) < 10 * rounding


def test_numbers_of_numpy_are_numbers():
    changes = {"min_depth": np.int64(2), "dropout": np.float32(0)}
    config = S3DG(**TINY | changes).get_config()
    assert type(config["min_depth"]) is int and config["min_depth"] == 2
    assert type(config["dropout"]) is float


def test_make_network_uses_the_whole_recipe():
    pixels = {"pixel_mean": (0.4, 0.5, 0.6), "pixel_std": (0.2, 0.3, 0.4)}
    other = OTHER | pixels
    recipe = InceptionRecipe(
        **{
            key: other[key]
            for key in InceptionRecipe.__dataclass_fields__
            if key != "model"
        }
    )
    network = make_network(recipe, 5, "flow")
    config = network.get_config()
    assert {key: config[key] for key in other} == other
    assert network.trunk.units[0].conv.kernel.shape[-2] == 2
    short = dataclasses.replace(recipe, final_endpoint="Conv2d_1a_7x7")
    frames = make_network(short, 5, "frames")
    assert frames.trunk.units[0].conv.kernel.shape[-2] == 3
    assert frames.built and frames.name == "S3DG"


@pytest.mark.parametrize(
    "model, family, first",
    [
        ("s3dg", S3DG, 3),
        ("s3d", S3D, 3),
        ("i3d", I3D, 7),
        ("s3dg_nonlocal", NonLocalS3DG, 3),
    ],
)
def test_the_recipe_chooses_the_network(model, family, first):
    """Defaults of the recipe are the model's own."""
    end = "Mixed_5b" if family is NonLocalS3DG else "Conv2d_2b_1x1"
    short = TINY | {"final_endpoint": end}
    network = make_network(InceptionRecipe(model=model, **short), 5, "frames")
    assert type(network) is family
    own = family(5, **short, name=network.name)
    assert network.get_config() == own.get_config()
    assert network.trunk.units[0].conv.kernel.shape[0] == first


def test_recipes_name_the_networks_that_exist():
    family = "d3d_tf.models.inception"
    assert [*NETWORKS] == [m for m, f in FAMILIES.items() if f == family]
