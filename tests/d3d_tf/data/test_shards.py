"""Files of other tools' records: found, read, and what is wrong with them."""

import gzip

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.shards import (
    foreign_shards,
    look_through,
    records_of,
    split_of,
)
from tests.harness import claim_length, foreign_record, write_shard

FRAME = tf.io.encode_jpeg(np.zeros([24, 32, 3], np.uint8)).numpy()
GOOD = foreign_record([FRAME, FRAME], clip__label__index=1, example__id="a")


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00010", "train"),
        ("kinetics600_val.tfrecord-00001-of-00002", "validation"),
        ("test/part.tfrecord", "test"),
        ("Validation-3.tfrecord", "validation"),
        ("contest.tfrecord", "train"),
    ],
)
def test_split_of(name, split):
    assert split_of(name) == split


def test_other_files_are_no_shards(tmp_path):
    """Compressed ones are, to be refused with their name."""
    write_shard(tmp_path / "train" / "part.tfrecord", [GOOD])
    write_shard(tmp_path / "val" / "part.tfrecord.gz", [GOOD])
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "jump").mkdir()
    (tmp_path / "jump" / "a.tfrecord").write_text("not looked into")
    assert list(foreign_shards(tmp_path)) == [
        "train/part.tfrecord",
        "val/part.tfrecord.gz",
    ]
    assert foreign_shards(tmp_path / "README.md") == {}


def look(folder):
    return list(look_through(folder, foreign_shards(folder)))


def test_rows_of_good_and_bad_records(tmp_path):
    write_shard(tmp_path / "val.tfrecord", [GOOD, b"\xff\xff", GOOD])
    rows = look(tmp_path)
    assert [row["record"] for row in rows] == [1, 2, 3]
    assert {row["split"] for row in rows} == {"validation"}
    assert rows[1]["problem"].startswith("is not a tf.train.SequenceExample")
    assert rows[0] | {"record": 3} == rows[2]
    assert rows[0]["id"] == "a" and rows[0]["label"] == 1
    assert [rows[0][k] for k in ("length", "width", "height")] == [2, 32, 24]
    assert "frames" not in rows[0]


def zlib_file(path, _):
    with tf.io.TFRecordWriter(str(path), "ZLIB") as writer:
        writer.write(GOOD)


@pytest.mark.parametrize(
    ("damage", "read", "words"),
    [
        (lambda p, d: p.write_bytes(gzip.compress(d)), 0, "compressed; unpack"),
        (zlib_file, 0, "compressed; unpack"),
        (
            lambda p, d: p.write_text("hello, this is a text"),
            0,
            "not a TFRecord",
        ),
        (
            lambda p, d: p.write_bytes(d + 4 * b"garbage\n"),
            2,
            "followed by something",
        ),
        (lambda p, d: p.write_bytes(d + b"\n"), 2, "again (1 bytes"),
        (lambda p, d: p.write_bytes(d[:-30]), 1, "truncated record: its"),
        (
            lambda p, d: p.write_bytes(d[:-30] + 30 * b"0"),
            1,
            "corrupted record",
        ),
        (lambda p, d: p.unlink(), 0, "No such file"),
        (lambda p, d: claim_length(p, 2**40), 0, f"is {2**40} bytes, and"),
        (
            lambda p, d: claim_length(p, 2**63 - 1, len(d) // 2),
            1,
            f"is {2**63 - 1} bytes, and {len(GOOD)} are there",
        ),
    ],
)
def test_damaged_files(tmp_path, damage, read, words):
    path = tmp_path / "train.tfrecord"
    write_shard(path, [GOOD, GOOD])
    damage(path, path.read_bytes())
    *good, (number, reason) = records_of(str(path))
    assert good == [(i + 1, GOOD) for i in range(read)]
    assert number == read + 1
    assert reason.startswith("cannot be read: ")
    assert words in reason and "\n" not in reason
    assert "__wrapped__" not in reason
