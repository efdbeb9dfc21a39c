"""Lengths of records, without the records."""

import struct

import pytest
import tensorflow as tf

from d3d_tf.data.framing import count_whole, read_context
from tests.harness import claim_length, foreign_record, write_shard

RECORDS = [b"", b"abc", bytes(70_000)]
# TFRecord: 8 bytes of length, 4 of checksum, the record, 4 of checksum.
SIZE = 3 * 16 + 3 + 70_000


@pytest.fixture
def path(tmp_path):
    write_shard(tmp_path / "x.tfrecord", RECORDS)
    assert (tmp_path / "x.tfrecord").stat().st_size == SIZE
    return tmp_path / "x.tfrecord"


def test_whole_files(path):
    assert count_whole(path) == (3, None)
    path.write_bytes(b"")
    assert count_whole(path) == (0, None)


@pytest.mark.parametrize(
    ("size", "whole", "words"),
    [
        (SIZE - 1, 2, "its length is 70000 bytes, and 69999 are there"),
        (16 + 19 + 14, 2, "its length is 70000 bytes, and 0 are there"),
        (16 + 19 + 5, 2, "5 bytes follow that are not a record"),
        (16 + 3, 1, "3 bytes follow"),
    ],
)
def test_files_that_were_cut(path, size, whole, words):
    path.write_bytes(path.read_bytes()[:size])
    found, wrong = count_whole(path)
    assert found == whole and words in wrong


def test_a_length_that_the_file_does_not_have(path):
    """Its checksum is that which TensorFlow writes."""
    before = path.read_bytes()
    claim_length(path, 3, place=16)
    assert path.read_bytes() == before
    claim_length(path, 2**62, place=16)
    found, wrong = count_whole(path)
    assert found == 1 and f"its length is {2**62} bytes" in wrong


def test_the_context_comes_first(path):
    record = foreign_record([bytes(100_000)], example__id="a", clip__label=3)
    write_shard(path, [record, record])
    context = tf.train.Features.FromString(read_context(path))
    assert context.feature["example/id"].bytes_list.value == [b"a"]
    assert context.feature["clip/label"].int64_list.value == [3]


@pytest.mark.parametrize("record", [b"", b"\x0a", b"\x0a\xff\xff", b"text"])
def test_what_has_no_context(path, record):
    write_shard(path, [record])
    assert read_context(path) == b""
    path.write_bytes(struct.pack("<Q", 5))
    assert read_context(path) == b""
