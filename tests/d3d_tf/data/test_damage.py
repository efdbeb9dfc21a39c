"""An error of decoding gets the name of the record that causes it."""

import os

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, DataRecipe
from d3d_tf.data.damage import find_damage, naming_damage
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.index_foreign import adopt
from d3d_tf.data.parts import Part
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.data.service import naming_service
from d3d_tf.errors import UserError
from tests.harness import (
    Video,
    foreign_record,
    place_codes,
    write_records,
    write_shard,
)
from tests.harness.input_workers import InputWorkers


def frame(*, damaged: bool = False) -> bytes:
    """A PNG; a damaged one has zeros where its pixels begin."""
    pixels = np.random.default_rng(0).integers(0, 256, [24, 32, 3], np.uint8)
    data = bytearray(tf.io.encode_png(pixels).numpy())
    if damaged:
        start = data.index(b"IDAT") + 4
        data[start : start + 40] = bytes(40)
    return bytes(data)


def record(*damaged: bool) -> bytes:
    frames = [frame(damaged=d) for d in damaged]
    return foreign_record(frames, clip__label__index=0)


WORDS = (
    r"train-b.tfrecord, record 2, has a damaged picture, 2 of 2 of "
    "'image/encoded'.*--mode=doctor"
)


def damaged_dataset(folder):
    """Shard b, record 2, whose headers are whole: it was adopted."""
    good = record(False, False)
    write_shard(folder / "x" / "train-a.tfrecord", [good])
    write_shard(folder / "x" / "train-b.tfrecord", [good, record(False, True)])
    return adopt(folder / "x", folder / "records", DataRecipe())


@pytest.mark.large
def test_an_input_worker_meets_it(tmp_path):
    dataset = damaged_dataset(tmp_path)
    with (
        InputWorkers(tmp_path, 2) as workers,
        pytest.raises(UserError, match=WORDS),
        naming_damage(dataset, "train"),
        naming_service(workers.service),
    ):
        clips = make_dataset(
            dataset,
            "train",
            ClipRecipe(frames=2, size=16),
            batch_size=3,
            training=True,
            streams=("frames",),
            part=Part(service=workers.service),
        )
        next(iter(clips))


@pytest.mark.parametrize("training", [True, False])
def test_training_and_evaluation_name_it(tmp_path, training):
    dataset = damaged_dataset(tmp_path)
    clips = make_dataset(
        dataset,
        "train",
        ClipRecipe(frames=2, size=16),
        batch_size=3,
        training=training,
        streams=("frames",),
    )
    with pytest.raises(UserError, match=WORDS):
        with naming_damage(dataset, "train"):
            next(iter(clips))


def test_what_no_record_causes_stays_as_it_is(tmp_path):
    """And a file that is gone is named."""
    frames = np.zeros([2, 16, 16, 3], np.uint8)
    video = Video("a", 0, frames, place_codes(2, 16, 16))
    dataset = open_dataset(write_records(tmp_path, [video]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="mine"):
        with naming_damage(dataset, "train"):
            raise tf.errors.InvalidArgumentError(None, None, "mine")
    assert find_damage(dataset, "train") is None
    (path,) = dataset.shards("train")
    os.unlink(path)
    with pytest.raises(UserError, match=r"tfrecord cannot be read \(No such"):
        with naming_damage(dataset, "train"):
            raise tf.errors.NotFoundError(None, None, "gone")
