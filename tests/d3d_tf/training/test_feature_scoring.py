"""Scores of a split of features by a network whose answers are known."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.feature_sets import adopt_features, files_of
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.errors import UserError
from d3d_tf.tasks.youtube8m.ranked_labels import RankedLabels
from d3d_tf.training.feature_scoring import (
    milliseconds_per_features,
    score_features,
)
from d3d_tf.training.scoring import compile_forward
from tests.harness.yt8m import write_features

CLASSES = 30
ALL = FrameSamplingRecipe()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("features")
    counts = {"validate0000.tfrecord": 4, "validate0001.tfrecord": 3}
    return adopt_features(
        write_features(root / "yt", counts, CLASSES), root / "records"
    )


def by_sums(features, training):
    """Logits: what the first 30 features add up to in the video's frames."""
    assert training is False
    values, frames = features
    mask = tf.sequence_mask(frames, tf.shape(values)[1], tf.float32)
    return tf.reduce_sum(values * mask[..., None], axis=1)[:, :CLASSES] / 100


def scored(dataset, sampling=ALL, batch_size=3, **changes):
    return score_features(
        compile_forward(by_sums),
        dataset,
        "validation",
        sampling,
        **{"batch_size": batch_size, "seed": 5, "title": "scoring"} | changes,
    )


@pytest.mark.parametrize("every", [1, 20])
def test_as_all_answers_together(dataset, every):
    """The kit's measures of sigmoid scores that NumPy computes."""
    sampling = FrameSamplingRecipe(way="uniform", apart=every, rounding="up")
    scores = scored(dataset, ALL if every == 1 else sampling)
    ((inputs, labels),) = feature_batches(
        files_of(dataset, "validation"), batch_size=7, training=False
    )
    features, frames = (part.numpy() for part in inputs["features"])
    seen = [
        video[:count:every, :CLASSES].sum(0)
        for video, count in zip(features.astype(float), frames, strict=True)
    ]
    ranks = RankedLabels(CLASSES)
    ranks.add(1 / (1 + np.exp(-np.array(seen) / 100)), labels.numpy())
    values = {name: m["value"] for name, m in scores.metrics().items()}
    assert values == pytest.approx(
        {
            "gap": ranks.gap(),
            "map": ranks.mean_average_precision(),
            "hit1": ranks.hit1(),
            "perr": ranks.perr(),
        },
        abs=1e-6,
    )
    assert 0 < values["gap"] < 1
    ids = [
        f"validate000{f}.tfrecord-{i}"
        for f, n in ((0, 4), (1, 3))
        for i in range(n)
    ]
    assert scores.ids.tolist() == ids
    # Each has two labels, which the file says by their number.
    assert [set(own) for own in scores.labels.tolist()] == [
        set(np.flatnonzero(own)) for own in labels.numpy()
    ]


@pytest.mark.parametrize("way", ["all", "random"])
def test_batches_do_not_matter(dataset, way):
    """Neither to answers nor to what is drawn; another seed draws others."""
    sampling = FrameSamplingRecipe(way=way, k=5)
    one, some, all_ = (scored(dataset, sampling, size) for size in (1, 3, 7))
    for name in ("ids", "labels", "classes", "precisions"):
        for other in some, all_:
            np.testing.assert_array_equal(
                getattr(one, name), getattr(other, name)
            )
    for other in some, all_:
        np.testing.assert_allclose(
            one.probabilities, other.probabilities, rtol=1e-5
        )
    others = scored(dataset, sampling, seed=6).probabilities
    assert np.allclose(others, one.probabilities) == (way == "all")


def test_another_count_is_refused(dataset):
    splits = {"validation": 8}
    wrong = dataclasses.replace(dataset, info=dataset.info | {"splits": splits})
    with pytest.raises(UserError, match="counts 8 videos of validation, and 7"):
        scored(wrong)


def test_the_time_of_one_video(dataset):
    """Of the frames that are seen: their number is all that is asked for."""
    shapes = []

    def watched(features, training):
        shapes.append(features[0].shape)
        return by_sums(features, training)

    sampling = FrameSamplingRecipe(way="uniform", k=30)
    found = milliseconds_per_features(
        compile_forward(watched), dataset, sampling
    )
    assert 0 < found < 1000
    assert {(shape[1], shape[2]) for shape in shapes} == {(30, 1152)}
