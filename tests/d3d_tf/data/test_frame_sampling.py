"""The authors' frames (shared/goldens/yt8m/sampling.json), and ours by hand."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.frame_sampling import places_and_counts, sampled


def of_one(frames, recipe, draws=()) -> tuple[list[int], int]:
    """Places and number of frames of one video."""
    draws = np.float32(draws) if len(draws) else np.zeros(30, np.float32)
    places, counts = places_and_counts(
        tf.constant([frames]), recipe, draws[None]
    )
    return places[0].numpy().tolist(), int(counts[0])


@pytest.fixture(scope="module")
def golden(request):
    folder = request.getfixturevalue("goldens")
    return json.loads((folder / "yt8m" / "sampling.json").read_text())


def test_every_so_many(golden):
    """Of all lengths at once; of seven strides, one of which is no divisor."""
    lengths = np.arange(301)
    assert len(golden["uniform"]) == 7
    for name, case in golden["uniform"].items():
        recipe = FrameSamplingRecipe(
            way="uniform", apart=int(name.removeprefix("every_"))
        )
        places, counts = places_and_counts(lengths, recipe, tf.zeros([301, 30]))
        assert places.shape == (301, len(case["indices"]))
        assert (places.numpy() == case["indices"]).all()
        expected = case["student_num_frames_of_0_to_300"]
        assert counts.numpy().tolist() == expected
    # By their number, which divides 300.
    recipe = FrameSamplingRecipe(way="uniform", k=30)
    places, _ = of_one(300, recipe)
    assert places == golden["uniform"]["every_10"]["indices"]


def test_as_many_as_there_are():
    """NeXtVLAD's mask: of 37 frames 0, 10, 20 and 30."""
    recipe = FrameSamplingRecipe(way="uniform", rounding="up")
    for frames, expected in ((37, 4), (300, 30), (1, 1), (10, 1), (11, 2)):
        assert of_one(frames, recipe)[1] == expected


@pytest.mark.parametrize(
    "way, theirs", [("random", "RandomFrames"), ("sequence", "RandomSequence")]
)
@pytest.mark.parametrize("k", [6, 10])
def test_the_kits_draws(golden, way, theirs, k):
    case = golden["random"][f"{theirs}_{k}"]
    recipe = FrameSamplingRecipe(way=way, k=k)
    assert len(case["N"]) == 5
    for frames, draws, expected in zip(
        case["N"], case["u"], case["idx"], strict=True
    ):
        assert of_one(frames, recipe, draws) == (expected, k)


@pytest.mark.parametrize(
    "way, frames, expected",
    [
        ("first", 20, [0, 1, 2, 3, 4, 5]),
        ("middle", 20, [7, 8, 9, 10, 11, 12]),
        ("last", 20, [14, 15, 16, 17, 18, 19]),
        ("first_middle_last", 20, [0, 1, 9, 10, 18, 19]),
        ("first_middle_last", 6, [0, 1, 2, 3, 4, 5]),
        ("last", 4, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_ours_by_hand(way, frames, expected):
    """Six frames; of a shorter video all, then padding."""
    recipe = FrameSamplingRecipe(way=way, k=6)
    assert of_one(frames, recipe) == (expected, min(frames, 6))


def test_of_features():
    """Of two videos: one has 250 frames, the other none."""
    features = np.zeros([2, 300, 2], np.float32)
    features[0, :250, 0] = np.arange(250)
    frames = tf.constant([250, 0])
    recipe = FrameSamplingRecipe(way="uniform")
    found, counts = sampled(features, frames, recipe, [[1, 2], [1, 3]])
    assert found[0, :25, 0].numpy().tolist() == [*range(0, 250, 10)]
    assert counts.numpy().tolist() == [25, 0]
    assert not found[0, 25:].numpy().any() and not found[1].numpy().any()
    every = FrameSamplingRecipe()
    whole, counts = sampled(features, frames, every, [[1, 2], [1, 3]])
    assert whole.shape == (2, 300, 2) and counts is frames


def test_draws_are_of_the_seed_of_each_video():
    features = np.zeros([3, 300, 1], np.float32)
    features[:, :250, 0] = np.arange(250)
    recipe = FrameSamplingRecipe(way="random", k=5)
    frames = tf.constant([250, 250, 250])
    found, _ = sampled(
        features, frames, recipe, tf.constant([[1, 2], [1, 3], [1, 2]])
    )
    one, other, again = found.numpy()
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
