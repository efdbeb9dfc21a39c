"""What networks are given of records whose pictures are known."""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.parts import Part
from d3d_tf.detector.batches import scoring_batches, training_batches
from d3d_tf.detector.sampling import Lesson, choose
from d3d_tf.errors import UserError
from tests.d3d_tf.detector.conftest import SQUARES
from tests.harness.input_workers import InputWorkers

CLIP = ClipRecipe(frames=4, size=32, stride=2)


def numbers(frames):
    """The frame number of each picture, from its darkest pixels' place.

    The background is grey; squares have channels of 0 and 255.
    """
    pixels = frames.reshape(-1, frames.shape[-3] * frames.shape[-2], 3)
    values = np.median(pixels, axis=(1, 2))
    return np.rint((values + 1) * 127.5 / 4).astype(int).tolist()


def shows(frame, box, channel):
    """Whether most of a box has the square's colour, and little outside."""
    height, width = frame.shape[:2]
    sides = np.array([height, width] * 2)
    y1, x1, y2, x2 = np.rint(box * sides).astype(int)
    square = frame[..., channel] - frame[..., 1] > 0.8
    inside = square[y1:y2, x1:x2]
    return inside.mean() > 0.8 and square.sum() - inside.sum() < 0.2 * max(
        square.sum(), 1
    )


@pytest.fixture(scope="module")
def scored(keyframes):
    return list(scoring_batches(keyframes, "val", CLIP, batch_size=4))


def test_whole_frames_of_every_keyframe(scored):
    """Videos of two shapes, so two batches."""
    ids = sorted(i.decode() for b in scored for i in b["id"].numpy())
    assert ids == ["tall/0002", "wide/0002"]
    shapes = sorted(tuple(b["frames"].shape) for b in scored)
    assert shapes == [(1, 4, 32, 64, 3), (1, 4, 48, 32, 3)]
    for batch in scored:
        # Two frames before the keyframe, 2 s = frame 50, and one after.
        assert numbers(batch["frames"].numpy()) == [46, 48, 50, 52]
        persons = batch["persons"].numpy()[0]
        assert persons.shape == (2, 7)
        for row, (channel, (box, actions)) in zip(
            persons, SQUARES.items(), strict=True
        ):
            np.testing.assert_allclose(row[:4], box)
            assert (np.flatnonzero(row[4:]) + 1).tolist() == list(actions)
            assert shows(batch["frames"].numpy()[0, 2], row[:4], channel)
        proposals = batch["proposals"].numpy()[0]
        np.testing.assert_allclose(
            proposals, [[*SQUARES[0][0], 0.9], [0, 0, 1, 1, 0.5]], atol=1e-6
        )


def test_frames_of_another_size(keyframes):
    batches = scoring_batches(
        keyframes, "val", CLIP, batch_size=4, short_side=16
    )
    shapes = sorted(tuple(b["frames"].shape[2:4]) for b in batches)
    assert shapes == [(16, 32), (24, 16)]


def test_crops_with_their_boxes(keyframes):
    """Of many crops, mirrored ones and scaled ones among them: a box has the
    colour of its person, if enough of the person is left to tell.
    """
    clip = ClipRecipe(frames=3, size=24, short_sides=(24, 40))
    detector = DetectorRecipe(
        boxes="truth", jitter=0.0, rois=4, foreground_share=1.0
    )
    data = training_batches(
        keyframes, "train", clip, detector, batch_size=2, seed=5
    )
    compared = lost = 0
    for inputs, joined in itertools.islice(data, 20):
        lesson = Lesson.of(joined)
        for i in range(2):
            frame = inputs["frames"].numpy()[i, 1]
            for box, weight, actions in zip(
                inputs["boxes"].numpy()[i],
                lesson.weights.numpy()[i, :, 0],
                lesson.actions.numpy()[i],
                strict=True,
            ):
                lost += not weight
                if (24 * (box[2:] - box[:2]) < 4).any():
                    continue
                channel = 2 if actions[1] else 0
                assert shows(frame, box, channel)
                compared += 1
    assert compared > 50 and lost > 80


def test_the_order_is_the_seeds(keyframes):
    """And goes on in the middle as if it had not been interrupted."""

    def read(**options):
        detector = DetectorRecipe(rois=4)
        data = training_batches(
            keyframes, "train", CLIP, detector, batch_size=1, **options
        )
        return [
            (inputs["boxes"].numpy(), joined.numpy())
            for inputs, joined in itertools.islice(data, 6)
        ]

    once, again, other = read(seed=1), read(seed=1), read(seed=2)
    late = read(seed=1, start_step=2)
    for a, b in ((once, again), (once[2:], late[:4])):
        for one, two in zip(a, b, strict=True):
            np.testing.assert_array_equal(one[0], two[0])
            np.testing.assert_array_equal(one[1], two[1])
    assert any((a[0] != b[0]).any() for a, b in zip(once, other, strict=True))


@pytest.mark.large
@pytest.mark.parametrize("boxes", ["truth", "rpn"])
def test_batches_of_input_workers(keyframes, tmp_path, boxes):
    detector = DetectorRecipe(boxes=boxes, rois=4)

    def made(service):
        data = training_batches(
            keyframes,
            "train",
            CLIP,
            detector,
            batch_size=2,
            part=Part(service=service),
        )
        return [*data.take(5).as_numpy_iterator()]

    with InputWorkers(tmp_path, 2) as workers:
        pairs = zip(made(workers.service), made(""), strict=True)
        for one, other in pairs:
            tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_what_the_step_chooses_from(keyframes):
    """With an RPN, boxes are chosen in the step; from the same persons, by the
    same draws.
    """
    clip = ClipRecipe(frames=3, size=24, short_sides=(24, 40))

    def read(boxes):
        detector = DetectorRecipe(boxes=boxes, rois=4, foreground_share=1.0)
        data = training_batches(
            keyframes, "train", clip, detector, batch_size=2, seed=5
        )
        return detector, list(itertools.islice(data, 3))

    _, earlier = read("truth")
    detector, later = read("rpn")
    for (inputs, lesson), (raw, persons) in zip(earlier, later, strict=True):
        assert raw.keys() == {"frames", "persons", "proposals", "seed"}
        assert raw["seed"].shape == [2, 2]
        # Nobody proposed anything in training.
        assert raw["proposals"].shape == [2, 0, 4]
        np.testing.assert_array_equal(raw["persons"], persons)
        np.testing.assert_array_equal(raw["frames"], inputs["frames"])
        for i in range(2):
            boxes, rows = choose(
                persons[i], raw["proposals"][i], detector, raw["seed"][i]
            )
            np.testing.assert_array_equal(boxes, inputs["boxes"][i])
            np.testing.assert_array_equal(rows, lesson[i])


def test_records_of_whole_videos(keyframes):
    dataset = open_dataset(keyframes)
    info = {k: v for k, v in dataset.info.items() if k != "keyframes"}
    whole = dataclasses.replace(dataset, info=info)
    with pytest.raises(UserError, match="do not say who is where"):
        scoring_batches(whole, "train", CLIP, batch_size=1)


def test_records_are_those_of_the_manifest(keyframes):
    """A keyframe's actions are compared with what the manifest says."""
    dataset = open_dataset(keyframes)
    rows = dataset.rows()
    assert {row["id"]: row["labels"] for row in rows}["tall/0001"] == [0, 2, 1]
