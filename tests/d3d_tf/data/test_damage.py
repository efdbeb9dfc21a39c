"""An error of decoding gets the name of the record that causes it."""

import os

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, DataRecipe
from d3d_tf.data.damage import find_damage, naming_damage
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.index_foreign import adopt
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.errors import UserError
from tests.harness import (
    Video,
    foreign_record,
    place_codes,
    write_records,
    write_shard,
)


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


@pytest.mark.parametrize("training", [True, False])
def test_training_and_evaluation_name_it(tmp_path, training):
    """Shard b, record 2, whose headers are whole: it was adopted."""
    good = record(False, False)
    write_shard(tmp_path / "x" / "train-a.tfrecord", [good])
    write_shard(
        tmp_path / "x" / "train-b.tfrecord", [good, record(False, True)]
    )
    dataset = adopt(tmp_path / "x", tmp_path / "records", DataRecipe())
    clips = make_dataset(
        dataset,
        "train",
        ClipRecipe(frames=2, size=16),
        batch_size=3,
        training=training,
        streams=("frames",),
    )
    with pytest.raises(
        UserError,
        match=r"train-b.tfrecord, record 2, has a damaged picture, 2 of 2 of "
        "'image/encoded'.*--mode=doctor",
    ):
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
