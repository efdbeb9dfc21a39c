"""Shuffled, whole, and the same from any position on."""

from pathlib import Path

import pytest
import tensorflow as tf

from d3d_tf.data import shuffle
from d3d_tf.data.shuffle import shuffled_records

COUNTS = (3, 5, 1, 4, 2, 6, 3)
TOTAL = sum(COUNTS)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Seven files with the numbers 0..23; file k has COUNTS[k] of them."""
    folder = tmp_path_factory.mktemp("shards")
    files, number = {}, 0
    for k, count in enumerate(COUNTS):
        path = str(folder / f"{k}.tfrecord")
        files[path] = count
        with tf.io.TFRecordWriter(path) as writer:
            for _ in range(count):
                writer.write(str(number).encode())
                number += 1
    return files


@pytest.fixture(autouse=True)
def groups_of_two(monkeypatch):
    monkeypatch.setattr(shuffle, "SHARDS_AT_ONCE", 2)


def numbers(shards, count, *, seed=0, window=5, start=0):
    data = shuffled_records(shards, seed=seed, window=window, start=start)
    return [
        (int(record), int(epoch))
        for record, epoch in data.take(count).as_numpy_iterator()
    ]


def test_every_epoch_has_every_record_once(shards):
    found = numbers(shards, 3 * TOTAL)
    for epoch in range(3):
        part = found[epoch * TOTAL : (epoch + 1) * TOTAL]
        assert sorted(part) == [(k, epoch) for k in range(TOTAL)]
    orders = {tuple(k for k, e in found if e == epoch) for epoch in range(3)}
    assert len(orders) == 3


@pytest.mark.parametrize("seed", [0, 7])
def test_the_seed_of_the_process_is_nothing_to_it(shards, seed):
    expected = numbers(shards, TOTAL)
    tf.random.set_seed(seed)
    assert numbers(shards, TOTAL) == expected


@pytest.mark.parametrize("window", [1, 5, 24, 100])
def test_from_any_position_on_it_is_the_same(shards, window):
    whole = numbers(shards, 2 * TOTAL + 3, seed=3, window=window)
    for start in range(0, 2 * TOTAL, 9):
        rest = numbers(shards, 3, seed=3, window=window, start=start)
        assert rest == whole[start : start + 3], start


def test_groups_that_are_past_are_not_read(shards, tmp_path):
    """Without the files of the first group, positions after it can be read.

    The first window that holds nothing of the first group is wanted.
    """
    window = 2
    whole = numbers(shards, TOTAL, window=window)
    order_of = {path: k for k, path in enumerate(shards)}
    first = shuffle._shuffled_paths(list(shards), tf.constant(0, tf.int64), 0)
    past = [path.decode() for path in first.numpy()[:2]]
    gone = sum(shards[path] for path in past)
    there = {
        path if path not in past else str(tmp_path / str(k)): shards[path]
        for path, k in order_of.items()
    }
    start = -(-gone // window) * window
    rest = numbers(there, 4, window=window, start=start)
    assert rest == whole[start : start + 4]
    with pytest.raises(tf.errors.NotFoundError):
        numbers(there, 1, window=window, start=0)


def test_records_that_are_past_are_passed_over(shards, tmp_path):
    """Their content may be damaged: it is not looked at.

    All seven files are one group, as with the usual 16 shards. A record is 8
    bytes of length, 4 of their checksum, the content and 4 of its checksum.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffle, "SHARDS_AT_ONCE", 16)
        whole = numbers(shards, TOTAL, window=4)
        damaged = {}
        for path, count in shards.items():
            content = bytearray(Path(path).read_bytes())
            content[12] ^= 0xFF  # The first record's.
            copy = tmp_path / Path(path).name
            copy.write_bytes(content)
            damaged[str(copy)] = count
        # After one record of each file, two windows on.
        assert numbers(damaged, 6, window=4, start=8) == whole[8:14]
        with pytest.raises(tf.errors.DataLossError):
            numbers(damaged, 1, window=4, start=0)


def test_a_window_mixes_no_more_than_itself(shards):
    """Windows of one record: the order is that of the groups' turns.

    Within a group of two files, records come in turn until one is empty.
    """
    found = [k for k, _ in numbers(shards, TOTAL, window=1)]
    starts = [sum(COUNTS[:k]) for k in range(len(COUNTS))]
    paths = list(shards)
    shuffled = shuffle._shuffled_paths(paths, tf.constant(0, tf.int64), 0)
    files = [paths.index(path.decode()) for path in shuffled.numpy()]
    expected = []
    for i in range(0, len(files), 2):
        queues = [
            list(range(starts[k], starts[k] + COUNTS[k]))
            for k in files[i : i + 2]
        ]
        while any(queues):
            expected += [queue.pop(0) for queue in queues if queue]
    assert found == expected
