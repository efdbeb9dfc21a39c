"""An error of decoding gets the name of the record that causes it."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, DataRecipe
from d3d_tf.data.adopt import adopt
from d3d_tf.data.damage import find_damage, naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.errors import UserError
from tests.harness import foreign_record, write_shard


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
    path = tmp_path / "train-0.tfrecord"
    write_shard(path, [record(False)])
    dataset = Dataset(tmp_path, {"shards": {path.name: 1}})
    with pytest.raises(tf.errors.InvalidArgumentError, match="mine"):
        with naming_damage(dataset, "train"):
            raise tf.errors.InvalidArgumentError(None, None, "mine")
    assert find_damage([str(path)]) is None
    path.unlink()
    assert "train-0.tfrecord, record 1, cannot be read" in find_damage(
        [str(path)]
    )
