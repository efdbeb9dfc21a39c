"""S3DG: parity with the original graph, sizes, configuration, saving.

The golden numbers are those of the TF-Slim graph that the D3D authors used,
run on weights that are a function of their checkpoint names (origin:
shared/goldens/networks/facts.md). Names, weights and clips are stated again
here, from that page, and checked against its digests.
"""

import hashlib
import inspect
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import NetworkRecipe
from d3d_tf.keras_api import keras
from d3d_tf.networks import S3DG, make_network

GOLDENS = json.loads((Path(__file__).parent / "goldens_s3dg.json").read_text())


class I3D(S3DG):
    """The same network with full 3-D convolutions."""

    separable = False


I3D_ARGUMENTS = {"first_temporal_kernel": 7, "gating_start_at": None}
TINY = {"depth_multiplier": 1 / 64, "min_depth": 2}


# ---------------------------------------------------------------- weights


def slim_units():
    """`(path, is it separated, is it gated)` of every convolution unit."""
    yield "Conv2d_1a_7x7", False, False
    yield "Conv2d_2b_1x1", False, False
    yield "Conv2d_2c_3x3", True, True
    for block in "3b 3c 4b 4c 4d 4e 4f 5b 5c".split():
        for branch in (1, 2):
            yield f"Mixed_{block}/Branch_{branch}/Conv2d_0a_1x1", False, False
            yield f"Mixed_{block}/Branch_{branch}/Conv2d_0b_3x3", True, True
        yield f"Mixed_{block}/Branch_0/Conv2d_0a_1x1", False, True
        yield f"Mixed_{block}/Branch_3/Conv2d_0b_1x1", False, True


def slim_names(network) -> dict:
    """Our variables by the names of the TF-Slim checkpoint."""
    units = {unit.name: unit for unit in network.trunk.units}
    variables = {}
    for path, separated, gated in slim_units():
        endpoint, *inner = path.split("/")
        unit = units[endpoint]
        if inner:
            branch, name = inner
            (unit,) = (u for u in getattr(unit, branch) if name in u.name)
        found = {
            "weights": unit.conv.kernel,
            "BatchNorm/beta": unit.batch_norm.beta,
            "BatchNorm/moving_mean": unit.batch_norm.moving_mean,
            "BatchNorm/moving_variance": unit.batch_norm.moving_variance,
        }
        if separated:
            found["temporal/weights"] = unit.temporal.kernel
            found["temporal/biases"] = unit.temporal.bias
        if gated:
            found["self_gating/transformer_W/weights"] = (
                unit.self_gating.transformer_W.kernel
            )
        for name, variable in found.items():
            variables[f"InceptionV1/{path}/{name}"] = variable
    logits = network.head.logits
    variables["InceptionV1/Logits/Conv2d_0c_1x1/weights"] = logits.kernel
    variables["InceptionV1/Logits/Conv2d_0c_1x1/biases"] = logits.bias
    return variables


def golden_value(name: str, shape) -> np.ndarray:
    """The value of a variable, from its name and shape alone."""
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("/moving_variance"):
        return np.float32(0.5 + rng.random_sample(shape))
    values = rng.standard_normal(shape)
    if not name.endswith("/weights"):
        return np.float32(values * (0.05 if name.endswith("/biases") else 0.1))
    values = values.reshape(-1, shape[-1])
    values -= values.mean(axis=0)
    gain = 1.25
    if name.endswith("/temporal/weights"):
        gain = 2.2
    elif name.endswith("/transformer_W/weights"):
        gain = 1.0
    values = values * (gain * np.sqrt(2.0 / len(values)))
    return np.float32(values).reshape(shape)


def fingerprint(values: dict) -> str:
    digest = hashlib.sha256()
    for name in sorted(values):
        value = values[name]
        digest.update(
            f"{name} {value.dtype.str} {list(value.shape)}\n".encode()
        )
        digest.update(value.tobytes())
    return digest.hexdigest()


def golden_clip(seed: int, shape) -> np.ndarray:
    """Drifting waves, a moving rectangle and noise, float32 in [-1, 1]."""
    clips, num_frames, height, width, channels = shape
    rng = np.random.RandomState(seed)
    t = np.arange(num_frames).reshape(-1, 1, 1)
    y = (np.arange(height) / height).reshape(1, -1, 1)
    x = (np.arange(width) / width).reshape(1, 1, -1)
    pixels = np.empty(shape, np.uint8)
    for clip in range(clips):
        start = 0.1 + 0.5 * rng.random_sample(2)
        speed = (0.02 + 0.03 * rng.random_sample(2)) * np.array([1.0, -1.0])
        centre_y = (start[0] + speed[0] * t) % 1.0
        centre_x = (start[1] + speed[1] * t) % 1.0
        inside = (abs(y - centre_y) < 0.12) & (abs(x - centre_x) < 0.2)
        for channel in range(channels):
            amplitudes = 0.1 + 0.4 * rng.random_sample(5)
            along_t = 0.25 * rng.random_sample(5)
            along_y, along_x = rng.uniform(-12, 12, 5), rng.uniform(-12, 12, 5)
            phases = rng.random_sample(5)
            level = rng.uniform(-0.6, 0.6)
            wave = np.full([num_frames, height, width], 0.3 * level)
            for a, wt, wy, wx, phase in zip(
                amplitudes, along_t, along_y, along_x, phases, strict=True
            ):
                wave += a * np.sin(
                    2 * np.pi * ((wt * t + phase) + (wy * y + wx * x))
                )
            wave = np.where(inside, level, wave)
            wave += 0.1 * rng.standard_normal(wave.shape)
            pixels[clip, ..., channel] = np.rint(
                127.5 * (np.clip(wave, -1, 1) + 1)
            )
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)


# ----------------------------------------------------------------- parity


@pytest.fixture(scope="module")
def network():
    """The Kinetics-400 network; no test changes it for good."""
    network = S3DG(400, dropout=0.0)
    network(tf.zeros([1, 2, 32, 32, 3]))
    return network


@pytest.fixture(scope="module")
def weights(network):
    """The golden weights by name; given to the network."""
    variables = slim_names(network)
    values = {
        name: golden_value(name, tuple(variable.shape))
        for name, variable in variables.items()
    }
    assert fingerprint(values) == GOLDENS["weights_sha256"], (
        "NumPy, a name or a shape is another; the network was not run"
    )
    return values


@pytest.fixture
def golden_network(network, weights):
    for name, variable in slim_names(network).items():
        variable.assign(weights[name])
    return network


def case_clip(case):
    clip = golden_clip(case["seed"], case["shape"])
    assert hashlib.sha256(clip.tobytes()).hexdigest() == case["input_sha256"]
    return clip


def check_logits(logits, case, tolerance):
    """Relative L2 error of the 20 known logits; norm and winners of all."""
    logits = logits.numpy()
    first = np.array(case["first20"])
    error = np.linalg.norm(logits.ravel()[:20] - first) / np.linalg.norm(first)
    assert error <= tolerance
    assert np.linalg.norm(logits) == pytest.approx(case["l2"], rel=tolerance)
    assert logits.argmax(-1).tolist() == case["argmax"]


def check_endpoints(features, case):
    for name, tensor in features.items():
        golden = case["endpoints"][name]
        assert list(tensor.shape) == golden["shape"], name
        norm = np.linalg.norm(np.float64(tensor.numpy()))
        assert norm == pytest.approx(golden["l2"], rel=1e-4), name
    assert list(features) + ["Logits"] == list(case["endpoints"])


def test_every_variable_has_a_checkpoint_name(network):
    """305 variables in the checkpoint, as many in the network, each once."""
    named = slim_names(network)
    assert len(named) == 305
    assert {id(v) for v in named.values()} == {id(v) for v in network.variables}


def test_inference_is_the_original(golden_network):
    """3e-4: three times the original's own float32 error (facts, 10)."""
    case = GOLDENS["cases"]["2x8x64"]
    clip = case_clip(case)
    check_endpoints(golden_network.features(clip), case)
    check_logits(golden_network(clip), case, 3e-4)


def test_training_is_the_original(golden_network):
    """Batch statistics, the moving averages after one update, dropout off.

    Biased and unbiased variance differ by up to 1e-5 times the variance here:
    2e-6 tells them apart in the last blocks.
    """
    case = GOLDENS["cases"]["train_2x16x112"]
    logits = golden_network(case_clip(case), training=True)
    check_logits(logits, case, 1e-3)
    variables = slim_names(golden_network)
    assert len(case["after_one_update"]) == 114
    for name, golden in case["after_one_update"].items():
        values = variables[name].numpy()
        np.testing.assert_allclose(
            values[:5], golden["first5"], atol=2e-6, rtol=0, err_msg=name
        )
        total = np.float64(values).sum()
        assert abs(total - golden["sum"]) < 2e-6 * len(values), name


@pytest.mark.large
def test_inference_at_full_size(golden_network):
    case = GOLDENS["cases"]["16x224"]
    clip = case_clip(case)
    check_endpoints(golden_network.features(clip), case)
    check_logits(golden_network(clip), case, 3e-4)


def test_copied_goldens_are_the_goldens(goldens):
    """What the file beside this one says is what the origin says."""
    origin = json.loads((goldens / "networks" / "goldens.json").read_text())
    for name, case in GOLDENS["cases"].items():
        other = origin["cases"][f"slim_s3dg_k400/{name}"]
        assert other["weights_sha256"] == GOLDENS["weights_sha256"]
        assert other["logits_float64"]["first20"] == case["first20"]
        assert other["logits_float64"]["argmax"] == case["argmax"]
        assert other["input"]["sha256"] == case["input_sha256"]


def test_regularisation_is_the_original(golden_network):
    """1e-7 * sum(w^2) / 2 over 114 kernels."""
    losses = golden_network.losses
    assert len(losses) == 114
    np.testing.assert_allclose(
        sum(losses), GOLDENS["l2_regularization_loss"], rtol=1e-5
    )


def count(variables):
    return sum(v.shape.num_elements() for v in variables)


def test_parameter_counts(network):
    """Those of the original graphs; facts, section 9."""
    assert count(network.trainable_variables) == 9_518_848
    assert count(network.variables) == 9_533_408
    i3d = I3D(400, **I3D_ARGUMENTS)
    i3d(tf.zeros([1, 2, 32, 32, 3]))
    assert count(i3d.trainable_variables) == 12_689_984
    assert count(i3d.variables) == 12_704_544


# ------------------------------------------------------------ the class


OTHER = {
    "num_classes": 5,
    "dropout": 0.4,
    "depth_multiplier": 1 / 64,
    "min_depth": 3,
    "first_temporal_kernel": 1,
    "temporal_conv_start_at": "Mixed_5c",
    "gating_start_at": "Mixed_5b",
    "weight_decay": 0.3,
    "batch_norm_momentum": 0.8,
    "synchronized_batch_norm": True,
    "fan_in_initializer": True,
}


def test_configuration_holds_every_argument():
    """An argument added to the class and forgotten in get_config fails here."""
    parameters = inspect.signature(S3DG).parameters
    named = {
        name
        for name, parameter in parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    assert named == set(OTHER)
    assert all(OTHER[name] != parameters[name].default for name in OTHER)
    config = S3DG(**OTHER).get_config()
    assert {name: config[name] for name in OTHER} == OTHER
    assert S3DG.from_config(config).get_config() == config


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
        ("Mixed_4f", False, False),
        ("Mixed_5b", True, False),
        ("Mixed_5c", True, True),
    ):
        unit = units[name].Branch_1[1]
        assert (unit.self_gating is not None) == gated
        assert (unit.temporal is not None) == separated
    assert network.head.dropout.rate == 0.4
    assert network.head.logits.filters == 5
    kernels = [v for v in network.trainable_variables if v.shape.rank == 5]
    squares = sum(float(tf.reduce_sum(kernel**2)) for kernel in kernels)
    assert float(sum(network.losses)) == pytest.approx(0.3 * squares / 2, 1e-4)


def test_saved_and_loaded(tmp_path, seed):
    """`.keras`: the same class, arguments, weights, outputs, and penalty."""
    network = S3DG(**OTHER)
    clip = tf.random.normal([2, 3, 20, 17, 3])
    network(clip, training=True)
    for variable in network.variables:
        variable.assign_add(tf.random.uniform(variable.shape, 0, 0.1))
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    assert type(loaded) is S3DG
    assert loaded.get_config() == network.get_config()
    for before, after in zip(
        network.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(network(clip), loaded(clip))
    np.testing.assert_allclose(sum(network.losses), sum(loaded.losses))
    gates = loaded.trunk.units[-1].Branch_0[0]
    assert gates.self_gating is not None


@pytest.fixture(scope="module")
def tiny():
    network = S3DG(3, **TINY)
    network(tf.zeros([1, 2, 32, 32, 3]))
    return network


@pytest.mark.parametrize(
    "file",
    [
        "weights",
        "x.weights.h5",
        "x.h5",
    ],
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


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (2, 16, 16), (3, 15, 33), (9, 40, 24)]
)
def test_any_size(tiny, shape):
    """Batch, time, height and width are free, frames need not be square."""
    logits = tiny(tf.zeros([2, *shape, 3]))
    assert logits.shape == [2, 3]
    assert logits.dtype == tf.float32


def test_clips_do_not_see_each_other(tiny, seed):
    clips = tf.random.normal([3, 4, 32, 32, 3])
    alone = [tiny(clips[i : i + 1]) for i in range(3)]
    np.testing.assert_allclose(tiny(clips), tf.concat(alone, 0), atol=1e-6)


def test_features_are_those_of_inference(tiny, seed):
    clip = tf.random.normal([1, 4, 32, 32, 3])
    before = tiny.get_weights()
    features = tiny.features(clip)
    np.testing.assert_allclose(
        tiny.head(features["Mixed_5c"]), tiny(clip), atol=1e-6
    )
    for old, new in zip(before, tiny.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_mixed_precision_has_float32_logits(precision, seed):
    """On a CPU bfloat16: TensorFlow pools no float16 there."""
    precision("mixed_bfloat16")
    network = S3DG(3, **TINY)
    clip = tf.random.normal([2, 2, 32, 32, 3])
    features = network.features(clip)
    assert {tensor.dtype for tensor in features.values()} == {tf.bfloat16}
    assert network(clip, training=True).dtype == tf.float32
    assert {variable.dtype for variable in network.variables} == {tf.float32}


def test_make_network_uses_the_whole_recipe():
    recipe = NetworkRecipe(
        **{
            key: OTHER[key]
            for key in NetworkRecipe.__dataclass_fields__
            if key != "model"
        }
    )
    network = make_network(recipe, 5, "flow")
    config = network.get_config()
    unnamed = {"temporal_conv_start_at", "gating_start_at"}
    assert {k: config[k] for k in OTHER.keys() - unnamed} == {
        k: v for k, v in OTHER.items() if k not in unnamed
    }
    assert network.trunk.units[0].conv.kernel.shape[-2] == 2
    frames = make_network(recipe, 5, "frames")
    assert frames.trunk.units[0].conv.kernel.shape[-2] == 3
    assert frames.built
