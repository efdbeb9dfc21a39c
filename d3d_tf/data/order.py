"""The order in which a training sees the videos, begun anywhere.

Every epoch shuffles the shards. Groups of them are read side by side, a record
of each in turn; what comes is cut into windows, and each window is shuffled.
All of it is a function of (seed, epoch). To begin in the middle of an epoch,
whole groups are skipped by the manifest's counts, so that at most one group
and one window are read in vain, however far the training had come.
"""

import itertools

import tensorflow as tf

SHARDS_AT_ONCE = 16


def shuffled_records(
    shards: dict[str, int], *, seed: int, window: int, start: int
) -> tf.data.Dataset:
    """Endless `(serialized record, epoch)`, string and int64 scalars.

    Args:
      shards: number of records of each file.
      seed: of the order.
      window: how many records are shuffled together.
      start: how many records to leave out at the beginning, from epoch 0 on.
    """
    epoch, place = divmod(start, sum(shards.values()))
    paths = list(shards)

    def whole_epoch(epoch):
        return _epoch(paths, epoch, seed, window)

    whole = tf.data.Dataset.range(epoch + (place > 0), 2**40)
    whole = whole.flat_map(whole_epoch)
    if not place:
        return whole
    windows, clips = divmod(place, window)
    order = _shuffled_paths(paths, tf.constant(epoch, tf.int64), seed)
    counts = [shards[path.decode()] for path in order.numpy()]
    groups, records = _skip(counts, windows * window)
    begun = _epoch(
        paths,
        tf.constant(epoch, tf.int64),
        seed,
        window,
        skipped_groups=groups,
        skipped_records=records,
        skipped_windows=windows,
        skipped_clips=clips,
    )
    return begun.concatenate(whole)


def _skip(counts: list[int], records: int) -> tuple[int, int]:
    """Whole groups of shards among the first `records`, and what is left."""
    groups = [
        sum(counts[i : i + SHARDS_AT_ONCE])
        for i in range(0, len(counts), SHARDS_AT_ONCE)
    ]
    sums = [0, *itertools.accumulate(groups)]
    whole = max(k for k, total in enumerate(sums) if total <= records)
    return whole, records - sums[whole]


def _shuffled_paths(paths, epoch, seed: int):
    key = tf.stack([tf.constant(seed, tf.int64), epoch])
    return tf.random.experimental.stateless_shuffle(paths, key)


def _epoch(
    paths,
    epoch,
    seed: int,
    window: int,
    *,
    skipped_groups: int = 0,
    skipped_records: int = 0,
    skipped_windows: int = 0,
    skipped_clips: int = 0,
):
    def read(group):
        files = tf.data.Dataset.from_tensor_slices(group)
        return files.interleave(
            tf.data.TFRecordDataset,
            cycle_length=SHARDS_AT_ONCE,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )

    def shuffle(index, records):
        key = tf.stack(
            [tf.constant(seed, tf.int64) + 1_000_003 * (index + 1), epoch]
        )
        return tf.data.Dataset.from_tensor_slices(
            tf.random.experimental.stateless_shuffle(records, key)
        )

    paths = tf.data.Dataset.from_tensor_slices(
        _shuffled_paths(paths, epoch, seed)
    )
    return (
        paths.batch(SHARDS_AT_ONCE)
        .skip(skipped_groups)
        .flat_map(read)
        .skip(skipped_records)
        .batch(window)
        .enumerate(skipped_windows)
        .flat_map(shuffle)
        .skip(skipped_clips)
        .map(lambda record: (record, epoch))
    )
