"""How long a training that goes on waits for its first record."""

import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.data.shuffle import shuffled_records

RECORDS, BYTES, SHARDS, WINDOW, REPEATS = 8192, 32 * 1024, 16, 64, 5
POSITIONS = (0.0, 0.01, 0.25, 0.5, 0.75, 0.99)


def seconds_to_the_first_record(folder: Path) -> dict:
    """Begins at several positions of an epoch of made-up records.

    Args:
      folder: where to write them.
    """
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    shards = {}
    for k in range(SHARDS):
        path = str(folder / f"{k}.tfrecord")
        shards[path] = RECORDS // SHARDS
        with tf.io.TFRecordWriter(path) as writer:
            for _ in range(shards[path]):
                writer.write(rng.bytes(BYTES))
    times: dict[float, list[float]] = {p: [] for p in POSITIONS}
    for _ in range(REPEATS):
        for position, spent in times.items():
            begin = time.perf_counter()
            data = shuffled_records(
                shards, seed=0, window=WINDOW, start=int(position * RECORDS)
            )
            next(iter(data))
            spent.append(time.perf_counter() - begin)
    return {
        "records": RECORDS,
        "bytes": BYTES,
        "shards": SHARDS,
        "window": WINDOW,
        "repeats": REPEATS,
        "rows": [
            {"position": position, "seconds": min(spent)}
            for position, spent in times.items()
        ],
    }
