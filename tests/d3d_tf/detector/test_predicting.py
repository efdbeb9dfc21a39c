"""A video is answered as its records are scored."""

import dataclasses

import cv2
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.config import DataRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.detector.batches import scoring_batches
from d3d_tf.detector.clips import shown
from d3d_tf.detector.predicting import (
    finds_persons,
    keyframe_clips,
    predict_keyframes,
)
from d3d_tf.detector.scoring import score_detector
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.runs.networks import make_role
from tests.d3d_tf.detector.conftest import SHAPES, SQUARES
from tests.d3d_tf.detector.test_scoring import NETWORK, SETTINGS
from tests.harness import randomize

# As the records were made.
DATA = DataRecipe(layout="ava", short_side=32, max_seconds=1, num_shards=1)
SECONDS = {"train": 1, "val": 2}
BOXES = np.array([box for box, _ in SQUARES.values()])


def recipe(*more):
    start = dataclasses.replace(OWN_VIDEOS, network=NETWORK, data=DATA)
    return config.override(
        start, [*SETTINGS, "detector.scored=truth", "clip.stride=2", *more]
    )


@pytest.fixture(scope="module")
def network():
    network = make_role(recipe(), "baseline", 3)
    randomize(network)
    return network


def predicted(network, keyframes, name, times, boxes, own):
    path = keyframes.parent / "videos" / f"{name}.mp4"
    return predict_keyframes(network, path, name, times, boxes, own)


def through_jpeg(frames, pixels):
    """As records have them, by OpenCV and TensorFlow."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, DATA.jpeg_quality]
    coded = [
        cv2.imencode(".jpg", frame[..., ::-1], quality)[1].tobytes()
        for frame in pixels.to_bytes(frames)
    ]
    return np.stack([tf.io.decode_jpeg(code, 3).numpy() for code in coded])


# A clip of 4 frames, every second one, is within the record. One of 16 is not:
# its first and last frames are there several times. Of the 2.4 s of a file, the
# record around 2 s lacks the end.
@pytest.mark.parametrize("frames", [4, 16])
@pytest.mark.parametrize("split", SECONDS)
@pytest.mark.parametrize("name", SHAPES)
def test_clips_are_those_of_records(network, keyframes, name, split, frames):
    """To the bit, when they have gone through JPEG."""
    own = recipe(f"clip.frames={frames}")
    path = keyframes.parent / "videos" / f"{name}.mp4"
    times = [SECONDS[split] * 1_000_000]
    (seen,) = keyframe_clips(network, path, times, own)
    batches = scoring_batches(keyframes, split, own.clip, batch_size=1)
    (stored,) = (
        batch["frames"].numpy()
        for batch in batches
        if batch["id"].numpy()[0].decode() == f"{name}/000{SECONDS[split]}"
    )
    np.testing.assert_array_equal(
        through_jpeg(seen[0], network.pixels),
        network.pixels.to_bytes(stored[0]),
    )


@pytest.mark.parametrize("side", [0, pytest.param(48, marks=pytest.mark.large)])
@pytest.mark.parametrize("split", SECONDS)
def test_answers_are_those_to_records(network, keyframes, split, side):
    """The same, but for rounding, when the clip has gone through JPEG.

    JPEG itself changes the answers of this network by 1e-4.
    """
    own = recipe(f"evaluation.scaled_short_side={side}")
    dataset = open_dataset(keyframes)
    scores, _ = score_detector(network, dataset, split, own, title="")
    time = SECONDS[split] * 1_000_000
    for id_, true, answers in zip(
        scores.ids, scores.labels, scores.probabilities, strict=True
    ):
        name = id_.split("/")[0]
        asked = {time: true[:, :4]}
        found = predicted(network, keyframes, name, [time], asked, own).scores
        assert found.ids == [id_]
        np.testing.assert_allclose(found.probabilities[0], answers, atol=1e-3)
        path = keyframes.parent / "videos" / f"{name}.mp4"
        (seen,) = keyframe_clips(network, path, [time], recipe())
        stored = shown(through_jpeg(seen[0], network.pixels), side)
        frames = network.pixels.from_bytes(tf.cast(stored, tf.float32))
        exact, _ = network.detect(frames[None], true[None, :, :4])
        np.testing.assert_allclose(exact[0], answers, atol=1e-6)


def test_several_keyframes_are_as_each_alone(network, keyframes):
    """With as many boxes, none, and others; after the end there is none."""
    times = [400_000, 1_000_000, 1_040_000, 2_320_000, 2_480_000, 9_000_000]
    persons = [BOXES, BOXES[:0], BOXES[1:], BOXES, BOXES, BOXES]
    boxes = dict(zip(times, persons, strict=True))
    found = predicted(network, keyframes, "wide", times, boxes, recipe())
    scores = found.scores
    assert found.late == 2
    assert found.milliseconds > 0
    assert scores.ids.tolist() == [
        "wide/400000us",
        "wide/0001",
        "wide/1040000us",
        "wide/2320000us",
    ]
    assert scores.boxes.shape == (4, 2, 4)
    assert not scores.boxes[1].any() and not scores.probabilities[1].any()
    assert not scores.probabilities[2, 1].any()
    assert scores.fits()
    for place, time in enumerate(times[:4]):
        count = len(boxes[time])
        if count:
            alone = predicted(
                network, keyframes, "wide", [time], boxes, recipe()
            ).scores
            np.testing.assert_allclose(
                scores.probabilities[place, :count],
                alone.probabilities[0, :count],
                atol=1e-6,
            )


def test_nothing_before_the_end(network, keyframes):
    times = [7_000_000]
    found = predicted(
        network, keyframes, "wide", times, {times[0]: BOXES}, recipe()
    )
    assert found.late == 1 and len(found.scores.ids) == 0
    assert np.isnan(found.milliseconds)


def test_seconds_count_from_the_first_of_the_files(network, keyframes):
    later = recipe("data.first_second=900")
    one, other = (
        predicted(network, keyframes, "wide", [t], {t: BOXES}, own).scores
        for t, own in ((1_000_000, recipe()), (901_000_000, later))
    )
    assert other.ids == ["wide/0901"]
    np.testing.assert_array_equal(one.probabilities, other.probabilities)


RPN = (
    *("detector.boxes=rpn", "detector.scored=rpn", "persons.depth=10"),
    *("persons.min_level=2", "persons.max_level=2", "persons.filters=8"),
    *("persons.side=64", "persons.proposals=6"),
)


@pytest.mark.large
@pytest.mark.card
def test_a_network_that_finds_persons(network, keyframes):
    """Its answer on the keyframe's clip, which needs no boxes."""
    own = recipe(*RPN)
    finder = make_role(own, "baseline", 3)
    randomize(finder)
    assert finds_persons(finder) and not finds_persons(network)
    times = [1_000_000]
    path = keyframes.parent / "videos" / "wide.mp4"
    (clip,) = keyframe_clips(finder, path, times, own)
    probabilities, boxes = finder.detect_persons(clip)
    scores = predicted(finder, keyframes, "wide", times, None, own).scores
    np.testing.assert_allclose(scores.probabilities, probabilities, atol=1e-5)
    np.testing.assert_allclose(scores.boxes, boxes, atol=1e-5)
    assert (scores.probabilities > 0).any()
