"""Scores of a split by a network whose answers are known."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.training.scoring import compile_forward, score_split
from tests.harness import Video, grey_frames, softmax, write_records

GREYS = (10, 250, 130, 60, 200)


def by_brightness(clips, training):
    """Logits (m, -m, 0) of the mean m; it must not be in training."""
    assert training is False
    mean = tf.reduce_mean(clips, axis=[1, 2, 3, 4])
    return tf.stack([mean, -mean, tf.zeros_like(mean)], axis=1)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    videos = [
        Video(
            f"video{k}",
            k % 3,
            grey_frames(np.full([3, 2, 2], grey)),
            np.full([3, 16, 16, 2], 128 + k, np.uint8),
            "test",
        )
        for k, grey in enumerate(GREYS)
    ]
    folder = tmp_path_factory.mktemp("records") / "greys"
    return open_dataset(write_records(folder, videos, num_shards=2))


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_scores_of_known_brightness(dataset, batch_size):
    """Every video once, in the order of the shards: 0, 2, 4 then 1, 3."""
    scores = score_split(
        compile_forward(by_brightness),
        dataset,
        "test",
        ClipRecipe(frames=2, size=16),
        stream="frames",
        batch_size=batch_size,
        title="scoring",
    )
    order = [0, 2, 4, 1, 3]
    assert scores.ids.tolist() == [f"video{k}" for k in order]
    assert scores.labels.tolist() == [k % 3 for k in order]
    means = np.array([GREYS[k] for k in order]) / 127.5 - 1
    logits = np.stack([means, -means, np.zeros(5)], axis=1)
    assert scores.probabilities.dtype == np.float64
    np.testing.assert_allclose(scores.probabilities, softmax(logits), atol=1e-6)


def test_flow_stream(dataset):
    """Codes 128 + k in both components: k * 20 / 127 px, over 20."""
    scores = score_split(
        compile_forward(by_brightness),
        dataset,
        "test",
        ClipRecipe(frames=2, size=16),
        stream="flow",
        batch_size=2,
        title="scoring",
    )
    means = np.array([0, 2, 4, 1, 3]) / 127
    logits = np.stack([means, -means, np.zeros(5)], axis=1)
    np.testing.assert_allclose(scores.probabilities, softmax(logits), atol=1e-6)


def test_one_trace_for_all_batch_sizes():
    """At most one for the first size and one for any."""
    forward = compile_forward(by_brightness)
    for count in (4, 4, 3, 2, 1):
        forward(tf.zeros([count, 2, 4, 4, 3]))
    assert forward.experimental_get_tracing_count() <= 2
