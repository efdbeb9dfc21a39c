"""What batches of every kind refuse, and how they end."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.batches import batches, opened
from d3d_tf.errors import UserError
from d3d_tf.pixels import SYMMETRIC
from tests.harness.records import Video, place_codes, write_records


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    video = Video(
        id="one",
        label=0,
        frames=np.zeros([2, 16, 24, 3], np.uint8),
        codes=place_codes(2, 16, 24),
        split="train",
    )
    return write_records(tmp_path_factory.mktemp("records"), [video])


def test_records_by_path_or_open(records):
    clip = ClipRecipe(frames=2, size=16)
    dataset = opened(records, "train", clip, ("frames", "flow"))
    assert dataset.folder == records
    assert opened(dataset, "train", clip, ("frames",)) is dataset


@pytest.mark.parametrize(
    "split, size, words",
    [
        ("test", 16, "has no split 'test'; it has train"),
        ("train", 17, "clip.size=17 does not fit into the 16 pixels"),
    ],
)
def test_what_they_do_not_have(records, split, size, words):
    clip = ClipRecipe(frames=2, size=size)
    with pytest.raises(UserError, match=words):
        opened(records, split, clip, ("frames",))


@pytest.mark.parametrize("whole, sizes", [(True, [2]), (False, [2, 1])])
def test_the_last_batch(whole, sizes):
    numbers = tf.data.Dataset.from_tensor_slices(([1, 2, 3], [4, 5, 6]))
    found = batches(
        numbers,
        lambda number, label: ({"id": number}, label),
        2,
        SYMMETRIC,
        whole=whole,
        finish=lambda inputs, label: ({"twice": 2 * inputs["id"]}, label),
    )
    got = [(inputs["twice"].numpy(), label.numpy()) for inputs, label in found]
    assert [len(label) for _, label in got] == sizes
    assert got[0][0].tolist() == [2, 4] and got[0][1].tolist() == [4, 5]
