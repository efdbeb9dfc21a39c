"""The miniature of YouTube-8M: what is said of videos is what bytes show."""

import dataclasses

import numpy as np
import pytest

from d3d_tf.data.feature_sets import adopt_features, files_of
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.recipes import RECIPES
from d3d_tf.tfrecords.ensure import ensure_records
from d3d_tf.tfrecords.toy_features import (
    NUM_THEMES,
    NUM_TOPICS,
    directions,
    frequencies,
    make_features,
    make_video,
    write_features,
)

TOY = dataclasses.replace(
    RECIPES["toy_features"].toy, train_videos=3, test_videos=2
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy") / "features"
    write_features(folder, TOY, 5, show=False)
    return folder


def test_topics_are_where_they_are_said_to_be():
    """A frame's part along a topic's direction is 1 while that is there, and
    0 before and after; the style of the video is in all of its frames.
    """
    looks = directions(7)
    for index in range(3):
        video = make_video(7, "train", index)
        features = make_features(7, "train", index)
        assert features.shape == (video.frames, 1152)
        assert features.dtype == np.uint8
        values = features * (4 / 255) - 2 + 2 / 255
        shares = values @ looks.T / (looks**2).sum(axis=1)
        there = np.zeros(shares.shape, bool)
        for topic, start, end in video.appearances:
            there[start:end, topic] = True
        own = np.flatnonzero(there.any(axis=0))
        assert own.tolist() == sorted(video.topics)
        shares -= np.median(shares, axis=0)
        found = shares[:, own] > 0.5
        assert (found != there[:, own]).mean() < 0.01
        strange = np.delete(shares, own, axis=1)
        assert (strange > 0.5).mean() < 0.01


def test_many_videos():
    """120 to 300 frames, the first topic by Zipf's law; of every 50th frame a
    good part of the topics is missed, of every 10th less.
    """
    videos = [make_video(0, "train", index) for index in range(3000)]
    lengths = [video.frames for video in videos]
    assert min(lengths) == 120 and max(lengths) == 300
    counts = np.bincount([v.topics[0] for v in videos], minlength=NUM_TOPICS)
    # The sum of 1 / 1 to 1 / 48 is 4.459.
    assert frequencies()[[0, 3]] == pytest.approx(
        [1 / 4.459, 0.25 / 4.459], 1e-3
    )
    expected = 3000 * frequencies()
    assert (abs(counts - expected) < 4.5 * np.sqrt(expected)).all()
    sizes = np.bincount([len(set(v.topics)) for v in videos])
    assert len(sizes) == 5 and not sizes[:2].any()
    first = [v.appearances[0] for v in videos]
    assert all(a[0] == v.topics[0] for a, v in zip(first, videos, strict=True))
    assert all(30 <= end - start < 90 for _, start, end in first)
    same = [
        (topic - v.topics[0]) % NUM_THEMES == 0
        for v in videos
        for topic in v.topics[1:]
    ]
    # Half of them by themselves, and by chance some of the others.
    assert 0.45 < np.mean(same) < 0.65
    seen = {}
    for every in (1, 10, 20, 50):
        frames = set(range(0, 300, every))
        labels = [
            {t for t, a, b in v.appearances if frames & {*range(a, b)}}
            for v in videos
        ]
        assert all(
            found <= set(v.topics)
            for found, v in zip(labels, videos, strict=True)
        )
        seen[every] = sum(map(len, labels)) / sum(len(v.topics) for v in videos)
    assert seen[1] == 1
    assert 0.6 < seen[50] < 0.75 < seen[20] < 0.85 < seen[10] < 0.95


def test_the_files_are_youtube8ms(written, tmp_path):
    assert sorted(path.name for path in written.iterdir()) == [
        "label_map.txt",
        "train0000.tfrecord",
        "validate0000.tfrecord",
    ]
    dataset = adopt_features(written, tmp_path)
    assert dataset.splits == {"train": 3, "validation": 2}
    assert len(dataset.classes) == NUM_TOPICS
    files = files_of(dataset, "validation")
    ((inputs, labels),) = feature_batches(files, batch_size=2, training=False)
    for place in range(2):
        video = make_video(5, "validate", place)
        assert inputs["id"][place].numpy().decode() == f"validate-{place:05}"
        own = np.flatnonzero(labels[place])
        assert own.tolist() == sorted(video.topics)
        features, frames = inputs["features"]
        assert frames[place] == video.frames
        expected = make_features(5, "validate", place) * (4 / 255) + 4 / 512 - 2
        np.testing.assert_allclose(
            features[place, : video.frames], expected, atol=1e-6
        )


def test_files_are_made_once_and_the_same(written, tmp_path):
    path = written / "train0000.tfrecord"
    before = path.read_bytes(), path.stat().st_mtime_ns
    write_features(written, TOY, 5, show=False)
    assert path.stat().st_mtime_ns == before[1]
    for seed in (5, 6):
        write_features(tmp_path / str(seed), TOY, seed, show=False)
        again = (tmp_path / str(seed) / path.name).read_bytes()
        assert (again == before[0]) == (seed == 5)


def test_a_recipe_without_data(tmp_path):
    """By its name alone: written once, then found again."""
    recipe = dataclasses.replace(RECIPES["toy_features"], toy=TOY)
    found, dataset = ensure_records(recipe, None, str(tmp_path))
    assert found == recipe and dataset.splits == {"train": 3, "validation": 2}
    _, again = ensure_records(recipe, None, str(tmp_path))
    assert again.folder == dataset.folder
    other = dataclasses.replace(recipe, seed=1)
    assert ensure_records(other, None, str(tmp_path))[1].folder != again.folder
