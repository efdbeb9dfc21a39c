"""Which videos a training sees, and which it keeps for itself."""

import dataclasses

import numpy as np
import pytest

from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.parts import WHOLE
from d3d_tf.training.inputs import held_out_inputs, training_inputs
from d3d_tf.training.trainer import Training
from tests.d3d_tf.training.conftest import RECIPE
from tests.harness import Video, place_codes, write_records


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """Six videos in three shards, each of one grey; one shard is held out."""
    videos = [
        Video(
            f"video{k}",
            k % 3,
            np.full([3, 16, 16, 3], 40 * k, np.uint8),
            place_codes(3, 16, 16),
        )
        for k in range(6)
    ]
    folder = tmp_path_factory.mktemp("records") / "greys"
    dataset = open_dataset(write_records(folder, videos, num_shards=3))
    train = dataclasses.replace(RECIPE.train, batch_size=2)
    return Training(
        dataclasses.replace(RECIPE, train=train),
        dataset.holding_out(0.3),
        streams=("frames",),
        checkpoints=folder,
        tensorboard=folder,
        title="practice",
    )


def greys(data, batches) -> list[list[int]]:
    return [
        np.round((inputs["frames"][:, 0, 0, 0, 0] + 1) * 127.5).tolist()
        for inputs, _ in data.take(batches)
    ]


def test_held_out_and_trained_on(training):
    """The third shard has videos 2 and 5; two batches are an epoch."""
    assert greys(held_out_inputs(training, WHOLE), 9) == [[80, 200]]
    found = greys(training_inputs(training, 0, WHOLE), 6)
    for epoch in range(3):
        one, other = found[2 * epoch : 2 * epoch + 2]
        assert sorted(one + other) == [0, 40, 120, 160]
    assert greys(training_inputs(training, 3, WHOLE), 3) == found[3:]
