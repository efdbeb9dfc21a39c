"""Which records a worker reads, written down by hand."""

import pytest
import tensorflow as tf

from d3d_tf.data.parts import WHOLE, Part


def of(part: Part, size: int, records: int = 12) -> list[int]:
    numbers = tf.data.Dataset.range(records).map(lambda n: (n, n))
    return [
        int(n) for n, _ in part.of_batches(numbers, size).as_numpy_iterator()
    ]


def test_one_worker_reads_everything():
    assert of(WHOLE, 4) == [*range(12)]
    assert WHOLE.batch_size(4) == 4


@pytest.mark.parametrize(
    ("worker", "own"),
    [(0, [0, 1, 6, 7]), (1, [2, 3, 8, 9]), (2, [4, 5, 10, 11])],
)
def test_workers_share_every_batch(worker, own):
    """Batches of six among three: the first third is that of the first."""
    assert of(Part(worker, 3), 6) == own
    assert Part(worker, 3, devices=2).batch_size(6) == 1


def test_of_a_split_that_no_number_divides():
    numbers = tf.data.Dataset.range(5)
    first, second = (
        [*map(int, Part(worker, 2).of_all(numbers).as_numpy_iterator())]
        for worker in (0, 1)
    )
    assert (first, second) == ([0, 2, 4], [1, 3])
