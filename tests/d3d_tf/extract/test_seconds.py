"""Frames of seconds by hand, and pixels that tell theirs."""

import numpy as np
import pytest

from d3d_tf.config import ClipRecipe
from d3d_tf.extract.seconds import clips_of_shard, frames_of_seconds
from tests.d3d_tf.extract.conftest import grey_of

PICTURE = ClipRecipe(frames=1, size=16, sampling="segments")


@pytest.mark.parametrize(
    "length, rate, clip, expected",
    [
        (60, 25, PICTURE, [[0], [25], [50]]),
        (50, 25, PICTURE, [[0], [25]]),
        # 0, 2.5, 5 and 7.5, to the nearest (of two the even one).
        (8, 2.5, PICTURE, [[0], [2], [5]]),
        (9, 2.5, PICTURE, [[0], [2], [5], [8]]),
        # 7 stored frames: 3/2 before and after, moved where the video ends.
        (
            25,
            10,
            ClipRecipe(frames=4, size=16, stride=2),
            [[2, 4, 6, 8], [12, 14, 16, 18], [18, 20, 22, 24]],
        ),
        # 21 of 10 per second: moved to where it begins.
        (25, 10, ClipRecipe(frames=21, size=16), [range(21), [*range(4, 25)]]),
        (5, 10, ClipRecipe(frames=4, size=16, stride=2), [[0, 2, 4, 1]]),
        (
            14,
            10,
            ClipRecipe(frames=2, size=16, sampling="segments"),
            [[2, 7], [12, 13]],
        ),
    ],
    ids=[
        "pictures",
        "whole seconds",
        "no whole rate",
        "its last second",
        "clips",
        "long clips",
        "a short video",
        "segments",
    ],
)
def test_by_hand(length, rate, clip, expected):
    found = frames_of_seconds(length, rate, clip, 300).numpy()
    if clip.frames == 21:
        # Seconds 1 and 2 both end with the video.
        np.testing.assert_array_equal(found[1], found[2])
        found = found[:2]
    np.testing.assert_array_equal(found, [list(row) for row in expected])


def test_no_more_than_asked():
    assert frames_of_seconds(60, 25, PICTURE, 2).shape == [2, 1]


def test_pixels_of_a_shard(dataset):
    """Videos 0 and 2, three seconds of each, in batches over both."""
    (first, _) = dataset.shards("train")
    batches = clips_of_shard(dataset, "train", first, PICTURE, batch_size=4)
    ids, pixels = zip(*batches.as_numpy_iterator(), strict=True)
    assert [len(part) for part in ids] == [4, 2]
    assert np.concatenate(ids).tolist() == [b"video0"] * 3 + [b"video2"] * 3
    pixels = np.concatenate(pixels)
    assert pixels.shape == (6, 1, 16, 16, 3)
    greys = [grey_of(k, s) + 2 for k in (0, 2) for s in range(3)]
    found = pixels.reshape(6, -1)
    np.testing.assert_array_equal(found.min(1), greys)
    np.testing.assert_array_equal(found.max(1), greys)


def test_clips_of_a_shard(dataset):
    """The middle of a second does not see its first frame."""
    (first, _) = dataset.shards("train")
    clip = ClipRecipe(frames=3, size=16)
    ((_, pixels),) = clips_of_shard(
        dataset, "train", first, clip, batch_size=6, seconds=1
    ).as_numpy_iterator()
    assert pixels.shape == (2, 3, 16, 16, 3)
    assert set(pixels[0].ravel()) == {grey_of(0, 0)}
