"""What is trained and what stays, by the names of endpoints."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import FinetuneRecipe
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.models import make_network
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.training.freezing import describe_freezing, freeze
from tests.harness import one_device, randomize, tiny_network, train_once

TINY = InceptionRecipe(
    model="s3dg_nonlocal", depth_multiplier=1 / 64, min_depth=2
)


@pytest.fixture(scope="module")
def network():
    return make_network(TINY, 3, "frames")


def trained(network):
    """`Mixed_3b`, `Mixed_5b/NonLocal`, `Logits`, ...: what moves in steps."""
    names = [v.name.split("/") for v in network.trainable_variables]
    return {
        "Logits"
        if parts[1] == "Logits"
        # S3DG/InceptionV1/Mixed_5b/NonLocal/...
        else "/".join(parts[2 : 4 if "NonLocal" in parts else 3])
        for parts in names
    }


LATE = {"Mixed_5b/NonLocal", "Mixed_5b", "Mixed_5c/NonLocal", "Mixed_5c"}


@pytest.mark.parametrize(
    ("freeze_to", "left"),
    [
        ("MaxPool_5a_2x2", LATE | {"Logits"}),
        # A non-local block is what its endpoint sees its input through.
        ("Mixed_5b", {"Mixed_5c/NonLocal", "Mixed_5c", "Logits"}),
        ("Mixed_5c", {"Logits"}),
    ],
)
def test_everything_up_to_an_endpoint_stays(network, freeze_to, left):
    freeze(network, FinetuneRecipe(freeze_to=freeze_to))
    assert trained(network) == left


def test_the_defaults_train_everything_again(network):
    """Every variable but the moving averages."""
    freeze(network, FinetuneRecipe(freeze_to="Mixed_4f", batch_norm="frozen"))
    before = len(network.trainable_variables)
    freeze(network, FinetuneRecipe())
    moving = [v for v in network.variables if "/moving_" in v.name]
    after = len(network.trainable_variables)
    assert after == len(network.variables) - len(moving)
    assert before < after
    assert {"Conv2d_1a_7x7", "Mixed_3b", "Logits"} | LATE <= trained(network)


def test_the_words_count_what_is_trained(network):
    """The head alone: 16 channels (1024 / 64) times 3 classes, 3 biases."""
    finetune = FinetuneRecipe(freeze_to="Mixed_5c", batch_norm="frozen")
    freeze(network, finetune)
    words = describe_freezing(network, finetune)
    width = 384 // 64 + 384 // 64 + 128 // 64 + 128 // 64
    assert words.startswith(f"{width * 3 + 3} values are trained (all up to ")
    assert "Mixed_5c stays" in words
    assert "the start's averages, which stay" in words


@pytest.mark.parametrize("batch_norm", ["train", "frozen"])
def test_statistics_follow_or_stay_and_shifts_are_trained(batch_norm):
    rng = np.random.default_rng(0)
    clips = rng.normal(3, 2, [1, 4, 2, 8, 8, 3]).astype(np.float32)
    labels = np.array([[0, 1, 2, 0]])
    start = tiny_network()
    randomize(start)
    names = [v.name.rpartition("/")[2] for v in start.variables]

    def make_trainer():
        network = tiny_network()
        freeze(network, FinetuneRecipe(batch_norm=batch_norm))
        return StreamTrainer(network)

    data = tf.data.Dataset.from_tensor_slices(({"frames": clips}, labels))
    _, after = train_once(one_device(), make_trainer, data)
    moved = {
        name: bool(np.any(old != new))
        for name, old, new in zip(
            names, start.get_weights(), after, strict=True
        )
    }
    statistics = batch_norm == "train"
    assert moved == {
        "kernel:0": True,
        "bias:0": True,
        "beta:0": True,
        "moving_mean:0": statistics,
        "moving_variance:0": statistics,
    }
