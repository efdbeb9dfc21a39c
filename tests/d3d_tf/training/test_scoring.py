"""Scores of a split by a network whose answers are known."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.pixels import Pixels
from d3d_tf.training.scoring import Shown, compile_forward, score_split
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
        Shown(ClipRecipe(frames=2, size=16), "frames", batch_size),
        title="scoring",
    )
    order = [0, 2, 4, 1, 3]
    assert scores.ids.tolist() == [f"video{k}" for k in order]
    assert scores.labels.tolist() == [k % 3 for k in order]
    means = np.array([GREYS[k] for k in order]) / 127.5 - 1
    logits = np.stack([means, -means, np.zeros(5)], axis=1)
    assert scores.probabilities.dtype == np.float64
    np.testing.assert_allclose(scores.probabilities, softmax(logits), atol=1e-6)


def test_pixels_as_the_network_wants_them(dataset):
    """Twice the spread: means of [0, 1] minus 0.5, over 0.25."""
    clip = ClipRecipe(frames=2, size=16)
    pixels = Pixels((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    scores = score_split(
        compile_forward(by_brightness),
        dataset,
        "test",
        Shown(clip, "frames", 2, pixels=pixels),
        title="scoring",
    )
    means = (np.array([GREYS[k] for k in (0, 2, 4, 1, 3)]) / 255 - 0.5) / 0.25
    logits = np.stack([means, -means, np.zeros(5)], axis=1)
    np.testing.assert_allclose(scores.probabilities, softmax(logits), atol=1e-6)


def test_flow_stream(dataset):
    """Codes 128 + k in both components: k * 20 / 127 px, over 20."""
    scores = score_split(
        compile_forward(by_brightness),
        dataset,
        "test",
        Shown(ClipRecipe(frames=2, size=16), "flow", 2),
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


@pytest.mark.parametrize("batch_size", [1, 4, 32])
def test_views_are_averaged_after_the_soft_max(tmp_path, batch_size):
    """Two clips of three crops, whose brightness is that of place and time.

    Frames are 16 x 48 px in three squares of their own grey and 3 frames long;
    a clip is one frame, so that the two clips are frames 0 and 2.
    """
    greys = np.array([[10, 90, 250], [0, 0, 0], [60, 130, 200]])
    lists = [greys, 255 - greys, greys // 2]
    videos = [
        Video(
            f"video{k}",
            k,
            grey_frames(np.kron(grey[:, None], np.ones([1, 2, 2]))),
            np.full([3, 16, 48, 2], 128, np.uint8),
            "test",
        )
        for k, grey in enumerate(lists)
    ]
    scores = score_split(
        compile_forward(by_brightness),
        open_dataset(write_records(tmp_path / "views", videos)),
        "test",
        Shown(
            ClipRecipe(frames=2, size=16),
            "frames",
            batch_size,
            EvaluationRecipe(clips=2, crops=3, clip_frames=1),
        ),
        title="scoring",
    )
    assert scores.ids.tolist() == ["video0", "video1", "video2"]
    assert scores.labels.tolist() == [0, 1, 2]
    for row, grey in zip(scores.probabilities, lists, strict=True):
        means = grey[[0, 2]].ravel() / 127.5 - 1
        logits = np.stack([means, -means, np.zeros(6)], axis=1)
        np.testing.assert_allclose(row, softmax(logits).mean(0), atol=1e-6)
        # Not the soft-max of the mean: they differ here.
        assert abs(row - softmax(logits.mean(0))).max() > 1e-3
