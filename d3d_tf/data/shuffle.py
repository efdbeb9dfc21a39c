"""The order in which a training sees the videos, from any position on.

Every epoch shuffles the shards. Groups of shards are read in parallel, a record
of each in turn; the sequence is cut into windows, and each window is shuffled.
All of it is a function of (seed, epoch). To begin in the middle of an epoch,
the manifest's counts give the groups that are finished, and the number of
records to skip in each file of the next group, from header to header. At most
one window is read in vain, however far the training had come.
"""

import bisect
import itertools

import tensorflow as tf

SHARDS_AT_ONCE = 16


# Nothing in here branches on a tensor: AutoGraph has nothing to do.
@tf.autograph.experimental.do_not_convert
def shuffled_records(
    shards: dict[str, int], *, seed: int, window: int, start: int
) -> tf.data.Dataset:
    """Endless `(serialized record, epoch)`, string and int64 scalars.

    Args:
      shards: number of records of each file.
      seed: of the order.
      window: how many records are shuffled together.
      start: number of records to skip, counted from the start of epoch 0.
    """
    epoch, place = divmod(start, sum(shards.values()))
    paths = list(shards)

    def whole_epoch(epoch):
        order = _shuffled_paths(paths, epoch, seed)
        return _epoch(order, [0] * len(paths), epoch, seed, window)

    whole = tf.data.Dataset.range(epoch + (place > 0), 2**40)
    whole = whole.flat_map(whole_epoch)
    if not place:
        return whole
    windows, clips = divmod(place, window)
    order = _shuffled_paths(paths, tf.constant(epoch, tf.int64), seed).numpy()
    counts = [shards[path.decode()] for path in order]
    rest, past = _skip(counts, windows * window)
    begun = _epoch(
        order[rest],
        past,
        tf.constant(epoch, tf.int64),
        seed,
        window,
        skipped_windows=windows,
        skipped_clips=clips,
    )
    return begun.concatenate(whole)


def _skip(counts: list[int], records: int) -> tuple[list[int], list[int]]:
    """The rest of the files after their first `records`.

    Returns:
      the places of the files, in the order in which they are read on, and how
      many records of each are past.
    """
    groups = [
        sum(counts[i : i + SHARDS_AT_ONCE])
        for i in range(0, len(counts), SHARDS_AT_ONCE)
    ]
    sums = [0, *itertools.accumulate(groups)]
    whole = max(k for k, total in enumerate(sums) if total <= records)
    first = whole * SHARDS_AT_ONCE
    group = counts[first : first + SHARDS_AT_ONCE]
    records -= sums[whole]

    def read_in(rounds):
        return sum(min(count, rounds) for count in group)

    rounds = bisect.bisect_right(range(max(group) + 1), records, key=read_in)
    rounds = max(rounds - 1, 0)
    past = [min(count, rounds) for count in group]
    # The unfinished round: which files had a turn, and which is next.
    turns = [k for k, count in enumerate(group) if count > rounds]
    had = turns[: records - read_in(rounds)]
    for k in had:
        past[k] += 1
    next_ = had[-1] + 1 if had else 0
    places = list(range(first, len(counts)))
    past += [0] * (len(places) - len(past))
    n = len(group)
    return (
        places[next_:n] + places[:next_] + places[n:],
        past[next_:n] + past[:next_] + past[n:],
    )


def _shuffled_paths(paths, epoch, seed: int):
    key = tf.stack([tf.constant(seed, tf.int64), epoch])
    return tf.random.experimental.stateless_shuffle(paths, key)


def _epoch(
    paths,
    past: list[int],
    epoch,
    seed: int,
    window: int,
    *,
    skipped_windows: int = 0,
    skipped_clips: int = 0,
):
    def read(group, past):
        files = tf.data.Dataset.from_tensor_slices((group, past))
        return files.interleave(
            lambda path, past: tf.data.TFRecordDataset(path).skip(past),
            cycle_length=SHARDS_AT_ONCE,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )

    def shuffle(index, records):
        # Of this function's graph: whatever the seed of the process is.
        tf.random.set_seed(1)
        key = tf.stack(
            [tf.constant(seed, tf.int64) + 1_000_003 * (index + 1), epoch]
        )
        drawn = tf.random.stateless_uniform(
            [], key, maxval=2**31 - 1, dtype=tf.int64
        )
        # Passes records on; to take them by drawn places would copy them.
        return records.shuffle(window, drawn, reshuffle_each_iteration=False)

    return (
        tf.data.Dataset.from_tensor_slices((paths, tf.constant(past, tf.int64)))
        .batch(SHARDS_AT_ONCE)
        .flat_map(read)
        .window(window)
        .enumerate(skipped_windows)
        .flat_map(shuffle)
        .skip(skipped_clips)
        .map(lambda record: (record, epoch))
    )
