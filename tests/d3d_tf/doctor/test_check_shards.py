"""Shards that are damaged, short, strange or gone."""

import numpy as np

from d3d_tf.doctor.check_shards import choose_sample
from tests.harness import claim_length

NAME = "train-00000-of-00002.tfrecord"


def test_sound_shards(records):
    finding = records.findings()["shards"]
    assert finding.level == "OK"
    assert finding.text == "checksums of 8 records in 4 shards read"
    assert len(records.read().records) == 8


def test_a_flipped_bit(records):
    """In the second of three records: the first is still read."""
    path = records.folder / NAME
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    bad = records.bad()
    assert list(bad) == ["shards"]
    assert (
        f"ERROR checksums of 6 records in 4 shards read; {NAME} is"
        in (bad["shards"])
    )
    assert "corrupted after record 1 of 3" in bad["shards"]


def test_a_shard_that_was_cut_off(records):
    path = records.folder / NAME
    path.write_bytes(path.read_bytes()[:-7])
    bad = records.bad()
    assert f"{NAME} is truncated after record 2 of 3" in bad["shards"]
    # Its size is said by the manifest, too.
    assert list(bad) == ["shards", "digests"]


def test_a_shard_that_is_gone(records):
    (records.folder / NAME).unlink()
    bad = records.bad()
    assert f"{NAME} is missing after record 0 of 3" in bad["shards"]


def test_a_shard_of_something_else(records):
    """Checksums are right, records are none."""
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(records.folder / NAME)) as writer:
        writer.write(b"\xff\xff no record")
    assert (
        f"{NAME} holds a record that is no SequenceExample"
        in (records.bad()["shards"])
    )


def test_a_shard_with_a_record_less(records):
    """Whole to every checksum."""
    import tensorflow as tf

    path = records.folder / NAME
    kept = list(tf.data.TFRecordDataset(str(path)).take(2).as_numpy_iterator())
    with tf.io.TFRecordWriter(str(path)) as writer:
        for data in kept:
            writer.write(data)
    records.rewrite(lambda example: None)
    bad = records.bad()
    assert f"{NAME} has 2 records and not 3" in bad["shards"]
    assert "1 videos of manifest.json have no record" in bad["counts"]
    assert list(bad) == ["shards", "counts"]


def test_a_shard_that_nobody_reads(records):
    content = (records.folder / NAME).read_bytes()
    (records.folder / "train-00002-of-00003.tfrecord").write_bytes(content)
    assert records.bad() == {
        "shards": "WARNING checksums of 8 records in 4 shards read; "
        "train-00002-of-00003.tfrecord is not in dataset.json and not read"
    }


def test_a_shard_none_of_whose_videos_could_be_used(records):
    """`prepare` leaves it empty and out of dataset.json."""
    (records.folder / "train-00002-of-00003.tfrecord").touch()
    assert records.bad() == {}


def test_the_sample_is_of_all_splits_and_always_the_same():
    rows = [
        {"id": f"{split}/{k}", "split": split}
        for split, count in (("train", 50), ("test", 5))
        for k in range(count)
    ]
    rows.append({"id": "bad", "split": "train", "skipped": "broken"})
    everything = choose_sample(rows, 0)
    assert sorted(everything) == sorted(r["id"] for r in rows[:-1])
    sample = choose_sample(rows, 8)
    assert sample == choose_sample(rows, 8) == choose_sample(rows, 20)[:8]
    splits = [id_.split("/")[0] for id_ in sample]
    assert (splits.count("train"), splits.count("test")) == (4, 4)
    # Not the first of the list.
    numbers = [int(i.split("/")[1]) for i in choose_sample(rows, 40)]
    assert np.mean(numbers) > 10
    assert len(choose_sample(rows, 40)) == 25  # 20 and all 5.


def test_a_record_that_claims_a_huge_length(records):
    """With a right checksum: TensorFlow would make room for 2^40 bytes."""
    claim_length(records.folder / NAME, 2**40)
    bad = records.bad()
    assert f"{NAME} is truncated after record 0 of 3" in bad["shards"]
