"""What every family of networks must hold, see `check_family`."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import models
from d3d_tf.config import FinetuneRecipe
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.models.network import make_variables, rebuilt
from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.streams import CHANNELS
from d3d_tf.training.freezing import freeze
from tests.harness.networks import randomize
from tests.harness.step import check_resume, check_step

NUM_CLASSES = 3
# Numbers as far from [-1, 1] as those of ImageNet.
PIXELS = {"pixel_mean": (0.4, 0.5, 0.6), "pixel_std": (0.2, 0.3, 0.4)}


@dataclasses.dataclass(frozen=True)
class Case:
    """A family's tiny network, and what it takes.

    Attributes:
      recipe: traced in a moment; no dropout.
      sizes: axes of clips between batch and channels, odd ones among them:
        (time, height, width), or (time,) of a network without pixels. All have
        the same number of axes; the first is the one that is trained.
      stream: what is trained.
      streams: all that the family takes.
      others: by field that is not in `TRAINING`, another value of it.
      trained: changes of the recipe that make it shorter still, where whole
        steps are traced.
      freeze_to: an endpoint of that one, not the last.
    """

    recipe: NetworkRecipe
    sizes: tuple[tuple[int, ...], ...]
    freeze_to: str
    trained: dict = dataclasses.field(default_factory=dict)
    others: dict = dataclasses.field(default_factory=dict)
    stream: str = "frames"
    streams: tuple[str, ...] = ("frames", "flow")

    def network(self, **changes):
        """With known weights."""
        recipe = dataclasses.replace(self.recipe, **changes)
        network = models.make_network(recipe, NUM_CLASSES, self.stream)
        randomize(network)
        return network

    def clips(self, count: int = 2, size=None, stream=None) -> np.ndarray:
        """`[count, *size, channels]`, no two alike."""
        axes = size or self.sizes[0]
        shape = [count, *axes, CHANNELS[stream or self.stream]]
        return np.random.default_rng(0).normal(size=shape).astype(np.float32)

    def batches(self, count: int, batch: int):
        """Batches of the trained stream and labels."""
        labels = np.arange(count) % NUM_CLASSES
        inputs = {self.stream: self.clips(count)}
        data = tf.data.Dataset.from_tensor_slices((inputs, labels))
        return data.batch(batch)

    def trainer(self, **changes) -> StreamTrainer:
        network = self.network(**self.trained | changes)
        return StreamTrainer(network, input_key=self.stream)

    def has(self, field: str) -> bool:
        """Whether the family's recipe has a field."""
        return hasattr(self.recipe, field)


def check_family(case: Case, promise: str, request) -> None:
    """One of `PROMISES`, for one family.

        @pytest.mark.parametrize("promise", PROMISES)
        def test_family(promise, request):
            check_family(CASE, promise, request)

    Args:
      case: the family's.
      promise: a key of `PROMISES`.
      request: pytest's, for fixtures.
    """
    PROMISES[promise](case, request)


def _endpoints_and_shapes(case, request):
    """Endpoints are the recipe's; sizes are divided by strides, rounded up."""
    assert case.recipe.streams == case.streams
    for stream in case.streams:
        network = models.make_network(case.recipe, NUM_CLASSES, stream)
        trunk = network.trunk
        assert trunk.endpoints == case.recipe.endpoints
        assert trunk.channels == CHANNELS[stream]
    for size in case.sizes:
        clips = case.clips(2, size, stream)
        features = network.features(clips)
        assert tuple(features) == trunk.endpoints
        for name, value in features.items():
            strides = trunk.strides(name)
            places = [
                math.ceil(length / stride)
                for length, stride in zip(size, strides, strict=False)
            ]
            assert value.shape[: 1 + len(size)] == [2, *places], name
            assert trunk.time_stride(name) == strides[0]
        logits = network(clips)
        assert logits.shape == [2, NUM_CLASSES] and logits.dtype == tf.float32
        pooled = network.head.pooled(value)
        assert pooled.shape == [2, value.shape[-1]]


def _clips_alone(case, request):
    """No clip of a batch sees another one."""
    network, clips = case.network(), case.clips(3)
    alone = [network(clips[i : i + 1]) for i in range(3)]
    _near(network(clips), np.concatenate(alone), 1e-5)


def _up_to(case, request):
    """`up_to` is the first part of a call, to the bit; `features` are those of
    inference, and logits are made of the last.
    """
    network, clips = case.network(), case.clips()
    trunk = network.trunk
    whole, weights = network.features(clips), network.get_weights()
    last = whole[trunk.endpoints[-1]]
    np.testing.assert_array_equal(network.head(last), network(clips))
    for i, endpoint in enumerate(trunk.endpoints):
        part = trunk.up_to(endpoint, clips, training=False)
        assert list(part) == list(whole)[: i + 1]
        for name, value in part.items():
            np.testing.assert_array_equal(value, whole[name])
    for old, new in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(ValueError, match="nowhere.*" + trunk.endpoints[0]):
        trunk.up_to("nowhere", clips)


def _layers_up_to(case, request):
    """Their variables are those that an endpoint depends on; no others are."""
    network, clips = case.network(), case.clips()
    with tf.GradientTape(persistent=True) as tape:
        # Moving averages, too.
        tape.watch(network.variables)
        features = network.features(clips)
        sums = {k: tf.reduce_sum(v**2) for k, v in features.items()}
    for endpoint in network.trunk.endpoints:
        slopes = tape.gradient(sums[endpoint], network.variables)
        used = {
            v.name
            for v, slope in zip(network.variables, slopes, strict=True)
            if slope is not None
        }
        layers = network.trunk.layers_up_to(endpoint)
        assert {v.name for x in layers for v in x.variables} == used, endpoint


def _config(case, request):
    """A configuration makes the network again, with pixels; names are its."""
    network = case.network(**_pixels(case))
    copy = type(network).from_config(network.get_config())
    make_variables(copy, network.trunk.channels)
    copy.set_weights(network.get_weights())
    _same_network(case, network, copy)


def _saved(case, request):
    """A `.keras` file and a checkpoint hold all: the same bits come out."""
    folder: Path = request.getfixturevalue("tmp_path")
    network = case.network(**_pixels(case))
    network.save(folder / "network.keras")
    loaded = keras.models.load_model(folder / "network.keras")
    _same_network(case, network, loaded)
    path = tf.train.Checkpoint(network=network).write(str(folder / "weights"))
    other = case.network(**_pixels(case))
    randomize(other, seed=1)
    tf.train.Checkpoint(network=other).read(path).assert_consumed()
    _same_network(case, network, other)


def _same_network(case, network, other):
    clips = case.clips()
    assert type(other) is type(network)
    assert other.get_config() == network.get_config()
    assert other.pixels == network.pixels
    assert _shapes(other) == _shapes(network)
    np.testing.assert_array_equal(other(clips), network(clips))


def _architecture(case, request):
    """What is trained otherwise has the same variables; equal architectures
    have equal ones, and different variables another architecture.
    """
    recipe, plain = case.recipe, _shapes(case.network())
    own = models.architecture(recipe)
    assert len(plain) == len(case.network().variables)
    for field, value in models.training_fields(recipe).items():
        changed = dataclasses.replace(recipe, **{field: _other(value)})
        assert models.architecture(changed) == own, field
        assert _shapes(_made(case, changed)) == plain, field
    for field, value in case.others.items():
        changed = dataclasses.replace(recipe, **{field: value})
        same = _shapes(_made(case, changed)) == plain
        assert same or models.architecture(changed) != own, field


def _head_names(case, request):
    """They are the head's variables that another head does not start from."""
    names = models.head_names(case.recipe)
    network = case.network()
    head = [v.name for v in network.head.variables]
    for name in names:
        layer = name.replace(".", "/").rpartition("/")[0]
        assert any(f"/{layer}/" in variable for variable in head), name
    kept = tf.train.Checkpoint(**network.without_classifier())
    path = kept.write(str(request.getfixturevalue("tmp_path") / "kept"))
    values = [n for n, _ in tf.train.list_variables(path) if "VALUE" in n]
    assert len(values) + len(names) == len(network.variables)


def _folded(case, request):
    """A folded network answers as the network, which it leaves as it is."""
    network, clips = case.network(**_on(case, "recompute")), case.clips()
    before = network.get_weights()
    folded = network.folded(verified=True)
    _near(folded(clips), network(clips), 1e-4)
    features = folded.features(clips)
    for name, value in network.features(clips).items():
        _near(features[name], value, 1e-4)
    assert folded is network or folded.variables == []
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def _mixed_precision(case, request):
    """Features are half, logits and variables float32, and it is trained."""
    set_policy = request.getfixturevalue("precision")
    clips, labels = case.clips(), tf.constant([0, 2])
    for half in "float16", "bfloat16":
        set_policy(f"mixed_{half}")
        network = case.network()
        kinds = {value.dtype.name for value in network.features(clips).values()}
        assert kinds == {half}
        logits = network(clips, training=True)
        assert logits.dtype == tf.float32 and np.isfinite(logits).all()
        assert {v.dtype for v in network.variables} == {tf.float32}
    # Of bfloat16: eager float16 takes its time on CPUs.
    with tf.GradientTape() as tape:
        logits = network(clips, training=True)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    for slope in tape.gradient(loss, network.trainable_variables):
        assert slope.dtype == tf.float32 and np.isfinite(slope).all()


def _recompute(case, request):
    """Less memory, the same gradients; averages move once and not twice."""
    if not case.has("recompute"):
        pytest.skip("computes nothing twice")
    results = []
    for recompute in False, True:
        network = case.network(recompute=recompute)
        with tf.GradientTape() as tape:
            logits = network(case.clips(), training=True)
            loss = tf.reduce_mean(logits**2)
        slopes = tape.gradient(loss, network.trainable_variables)
        results.append([logits, *slopes, *network.get_weights()])
    for one, other in zip(*results, strict=True):
        _near(other, one, 1e-4)


def _pixels_travel(case, request):
    """From the recipe to the network and its copies."""
    if case.stream != "frames":
        pytest.skip("has no pixels")
    recipe = dataclasses.replace(case.recipe, **PIXELS)
    network = _made(case, recipe)
    assert network.pixels == recipe.pixels != type(recipe.pixels)()
    assert rebuilt(network).pixels == recipe.pixels
    assert network.folded().pixels == recipe.pixels
    # Black, of [0, 1], by hand: (0 - mean) / std.
    black = network.pixels.from_unit(tf.zeros([1, 3]))
    np.testing.assert_allclose(black, [[-2, -5 / 3, -1.5]], rtol=1e-6)


def _freezing(case, request):
    """A step leaves what is frozen as it is, and moves everything else."""
    finetune = FinetuneRecipe(freeze_to=case.freeze_to, batch_norm="frozen")
    trainer = case.trainer()
    network = trainer.network
    freeze(network, finetune)
    before = {v.name: v.numpy() for v in network.variables}
    trainer.compile(keras.optimizers.SGD(1.0))
    trainer.fit(case.batches(4, 4), verbose=0)
    layers = network.trunk.layers_up_to(case.freeze_to)
    frozen = {v.name for layer in layers for v in layer.variables}
    averages = {v.name for v in network.variables if "/moving_" in v.name}
    stayed = {
        v.name for v in network.variables if (v == before[v.name]).numpy().all()
    }
    assert stayed == frozen | averages
    assert frozen - averages


def _replicas(case, request):
    """A step is the same on one device and on two replicas."""
    options = _on(case, "synchronized_batch_norm")
    replicas = request.getfixturevalue("replicas")
    check_step(lambda: case.trainer(**options), case.batches(4, 4), replicas)


def _resumed(case, request):
    """Stopped and resumed is never stopped, to the bit, with dropout."""
    options = {"dropout": 0.5} if case.has("dropout") else {}
    path = request.getfixturevalue("tmp_path") / "state"
    check_resume(lambda: case.trainer(**options), case.batches(4, 2), path)


PROMISES = {
    function.__name__[1:]: function
    for function in (
        _endpoints_and_shapes,
        _clips_alone,
        _up_to,
        _layers_up_to,
        _config,
        _saved,
        _architecture,
        _head_names,
        _folded,
        _mixed_precision,
        _recompute,
        _pixels_travel,
        _freezing,
        _replicas,
        _resumed,
    )
}


def _made(case, recipe):
    return models.make_network(recipe, NUM_CLASSES, case.stream)


def _pixels(case) -> dict:
    return PIXELS if case.stream == "frames" else {}


def _on(case, field: str) -> dict:
    """A switch, where the family has it."""
    return {field: True} if case.has(field) else {}


def _shapes(network) -> dict:
    """By name, without the network's own, which a loaded one leaves out."""
    prefix = f"{network.name}/"
    return {
        v.name.removeprefix(prefix): tuple(v.shape) for v in network.variables
    }


def _other(value):
    """Another value of a switch, of a number of clips, or of a share."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else (1 + value) / 2


def _near(found, expected, share: float) -> None:
    """Relative L2: what rounding makes of some float32 layers."""
    expected = np.asarray(expected, np.float64)
    distance = np.linalg.norm(np.asarray(found) - expected)
    assert distance <= share * np.linalg.norm(expected) + 1e-7


def promises(*large: str) -> list:
    """All of them; these in the slow tier, where a family takes long."""
    return [
        pytest.param(name, marks=pytest.mark.large) if name in large else name
        for name in PROMISES
    ]
