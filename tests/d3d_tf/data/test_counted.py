"""Records that are not those that were counted, each way put in on purpose."""

import dataclasses
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, DataRecipe
from d3d_tf.data.counted import Counted
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.index_foreign import adopt
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.errors import UserError
from tests.harness import (
    Video,
    claim_length,
    foreign_record,
    place_codes,
    write_records,
    write_shard,
)

A, B = (f"train-{k:05d}-of-00002.tfrecord" for k in range(2))
TEST = "test-00000-of-00002.tfrecord"
REMEDY = "Run --mode=doctor --data="


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    """Two shards of training, two of test, each with two of three labels."""
    videos = [
        Video(
            f"{split}{k}",
            k % 3,
            np.full([3, 16, 16, 3], 100, np.uint8),
            place_codes(3, 16, 16),
            split,
        )
        for split in ("train", "test")
        for k in range(4)
    ]
    return open_dataset(
        write_records(tmp_path / "records", videos, num_shards=2)
    )


def read_all(dataset, split, training=False, streams=("frames", "id")):
    """The ids of a split, read as a job reads them."""
    data = make_dataset(
        dataset,
        split,
        ClipRecipe(frames=2, size=16),
        batch_size=4,
        training=training,
        streams=streams,
    )
    ids = []
    with naming_damage(dataset, split):
        for inputs, _ in data.take(2) if training else data:
            if "id" in inputs:
                ids += [id_.decode() for id_ in inputs["id"].numpy()]
    if not training:
        Counted(dataset, split).require_each_once(ids)
    return ids


def said(dataset, split, **options) -> str:
    with pytest.raises(UserError) as error:
        read_all(dataset, split, **options)
    assert f"{REMEDY}{dataset.folder}" in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def change(path, edit, number=0):
    """Edits one record of a shard in place; checksums are right again."""
    records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    example = tf.train.SequenceExample.FromString(records[number])
    edit(example)
    records[number] = example.SerializeToString()
    write_shard(path, records)


def test_what_was_counted_is_read(dataset):
    assert read_all(dataset, "test") == ["test0", "test2", "test1", "test3"]
    ids = read_all(dataset, "train", training=True)
    assert sorted(ids[:4]) == [f"train{k}" for k in range(4)]


def swap(folder):
    os.rename(folder / A, folder / "x")
    os.rename(folder / TEST, folder / A)
    os.rename(folder / "x", folder / TEST)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / A).write_bytes(b""), f"{A} has 0 records and not 2"),
        (
            lambda f: (f / A).write_bytes(2 * (f / A).read_bytes()),
            f"{A} has 4 records and not 2",
        ),
        (
            lambda f: (f / A).write_bytes((f / A).read_bytes()[:-5]),
            f"{A} is damaged after record 1 of 2: truncated",
        ),
        (
            lambda f: claim_length(f / A, 2**45),
            f"{A} is damaged after record 0 of 2: truncated record: its "
            f"length is {2**45} bytes",
        ),
        (lambda f: (f / A).unlink(), f"{A} cannot be read (No such file"),
        (swap, f"{A} begins with test0, a record of {TEST}"),
        (
            lambda f: (f / A).write_bytes((f / B).read_bytes()),
            f"{A} begins with train1, a record of {B}",
        ),
    ],
)
def test_shards_that_are_others(dataset, training, damage, words):
    """Before the first record is read."""
    damage(dataset.folder)
    assert words in said(dataset, "train", training=training)


def cut(key):
    def edit(example):
        del example.feature_lists.feature_list[key].feature[-1]

    return edit


def label(value):
    def edit(example):
        feature = example.context.feature["clip/label/index"]
        feature.int64_list.value[:] = [value]

    return edit


def rename(example):
    feature = example.context.feature["example/id"]
    feature.bytes_list.value[:] = [b"stranger"]


@pytest.mark.parametrize(
    ("training", "edit", "stream", "words"),
    [
        (
            True,
            label(3),
            "frames",
            "with the label 3; manifest.json says 2, of 3",
        ),
        (False, label(-1), "flow", "with the label -1; manifest.json says 2"),
        (False, label(1), "frames", "with the label 1; manifest.json says 2"),
        (
            False,
            cut("image/encoded"),
            "frames",
            "with 2 entries of 'image/encoded'; manif",
        ),
        (
            True,
            cut("FORWARD_FLOW/image/encoded"),
            "flow",
            "with 2 entries of 'FORWARD_FLOW/image/encoded'; manifest.json "
            "says 3 frames",
        ),
        (True, rename, "frames", "which is not in train by manifest.json"),
        (False, rename, "frames", "which is not in train by manifest.json"),
    ],
)
def test_records_that_are_others(dataset, training, edit, stream, words):
    """The second record of shard A, by shard and number."""
    change(dataset.folder / A, edit, number=1)
    text = said(dataset, "train", training=training, streams=(stream, "id"))
    name = "stranger" if edit is rename else "train2"
    assert f"{A}, record 2, is {name!r}" in text and words in text


def test_a_flipped_bit(dataset):
    path = dataset.folder / A
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(content)
    text = said(dataset, "train")
    assert f"{A}, record 2, cannot be read" in text and "corrupted" in text


def test_a_record_in_the_place_of_another(dataset):
    """Of the same shard: known to the manifest, and there twice."""
    path = dataset.folder / TEST
    first = next(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    write_shard(path, [first, first])
    text = said(dataset, "test")
    assert f"{TEST}: the record test0 is there twice" in text


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (b"class0\nclass2\nclass1\n", "classes from line 2 on"),
        (b"class0\nclass1\n", "(2 lines) differs from dataset.json's"),
        (b"class0\nclass\xff\n", "label_map.txt is damaged (it is not text"),
    ],
)
def test_a_label_map_of_other_classes(dataset, labels, words):
    (dataset.folder / "label_map.txt").write_bytes(labels)
    assert words in said(dataset, "train")


def test_a_manifest_of_other_records(dataset):
    path = dataset.folder / "manifest.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps(rows[1:]))
    text = said(dataset, "train")
    assert f"{A} has 2 records by dataset.json, and 1 by manifest.json" in text


def test_splits_that_are_not_the_sum_of_their_shards(dataset):
    other = dataclasses.replace(
        dataset, info=dataset.info | {"splits": {"train": 5}}
    )
    text = said(other, "train")
    assert "counts 5 records of train, and 4 in its shards" in text


def test_records_of_other_tools(tmp_path):
    """Ids may be there twice; numbers and labels are compared."""
    picture = tf.io.encode_png(np.zeros([16, 16, 3], np.uint8)).numpy()
    records = [
        foreign_record([picture] * 2, example__id="a", clip__label__index=k)
        for k in (0, 1)
    ]
    path = tmp_path / "x" / "train-a.tfrecord"
    write_shard(path, records)
    dataset = adopt(tmp_path / "x", tmp_path / "records", DataRecipe())
    assert read_all(dataset, "train") == ["a", "a"]
    other = foreign_record([picture] * 2, example__id="a", clip__label__index=2)
    write_shard(path, [records[0], other])
    assert "record 2, has the label 2 of 2 classes" in said(dataset, "train")
    write_shard(path, records[:1])
    assert "has 1 records and not 2" in said(dataset, "train")
