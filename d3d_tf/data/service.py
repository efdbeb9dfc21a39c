"""Batches that input workers make, in the order of one process.

The engine is tf.data service. Of N input workers each makes every Nth batch.
Each has a job of its own, which is empty on the others: what comes of a job
comes in order, and so do batches that are taken of the jobs in turn. A batch
has its place in the job with it. An input worker that was started again begins
with its first batch; what was there before is passed over.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import tensorflow as tf

from d3d_tf.data.soundness import words_of
from d3d_tf.data.turns import as_it_is, in_turn
from d3d_tf.errors import UserError
from d3d_tf.screen import say

_service = tf.data.experimental.service
# The service puts an input worker's number, and how many there are, here.
_OWN = (tf.data.experimental.SHARD_HINT,) * 2
_LOST = "the input worker lost a batch on its way"
_PATIENCE = 120  # Seconds that input workers may take to come.
_START = (
    "docs/clusters.md says how dispatcher and input workers are started, and "
    "the same command goes on from the last checkpoint."
)


def made_by(
    service: str,
    make: Callable[[tf.data.Dataset], tf.data.Dataset],
    records: tf.data.Dataset,
    size: int,
) -> tf.data.Dataset:
    """`make(records)`, made by input workers where there is a service.

    Args:
      service: address of a dispatcher, `grpc://HOST:PORT`; empty: none.
      make: from records to batches, of TensorFlow's operations alone.
      records: endless, in their order.
      size: how many records a batch is made of.

    Raises:
      UserError: dispatcher or input workers do not answer.
    """
    if not service:
        return make(records)
    count = count_workers(service)
    say(f"Input workers of {service} make the batches: {count}.")
    jobs = [
        _job(service, make(in_turn(records, size, number, count)), number)
        for number in range(count)
    ]
    turns = tf.data.Dataset.range(count).repeat()
    return tf.data.Dataset.choose_from_datasets(jobs, turns)


def _job(
    service: str, batches: tf.data.Dataset, number: int
) -> tf.data.Dataset:
    """What one input worker makes, every batch once."""
    numbers = tf.data.Dataset.range(2**62).shard(*_OWN).take(1)
    own = numbers.filter(as_it_is(lambda found: tf.equal(found, number)))
    placed = batches.enumerate()
    job = _distributed(own.flat_map(as_it_is(lambda _: placed)), service)

    @as_it_is
    def once(expected: Any, found: Any) -> Any:
        place, batch = found
        check = tf.debugging.assert_less_equal(place, expected, _LOST)
        with tf.control_dependencies([check]):
            is_new = tf.equal(place, expected)
        following = expected + tf.cast(is_new, tf.int64)
        return following, (is_new, batch)

    seen = job.scan(tf.constant(0, tf.int64), once)
    new = seen.filter(as_it_is(lambda is_new, _: is_new))
    return new.map(as_it_is(lambda _, batch: batch))


def _distributed(data: tf.data.Dataset, service: str) -> tf.data.Dataset:
    return data.apply(
        _service.distribute(
            processing_mode=_service.ShardingPolicy.HINT,
            service=service,
            # One is used while the next one comes: they are large.
            max_outstanding_requests=2,
        )
    )


def count_workers(service: str) -> int:
    """How many input workers the dispatcher was told of; waits for all.

    Args:
      service: its address.

    Raises:
      UserError: it does not answer, or not all of them have come in time.
    """
    host, _, port = service.removeprefix("grpc://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), 10).close()
    # Of ports above 65535, and of names that cannot be one.
    except (OSError, OverflowError, UnicodeError) as error:
        raise UserError(
            f"data.service={service}: no dispatcher answers there "
            f"({error}); {_START}"
        ) from error
    found: futures.Future[int] = futures.Future()
    over = threading.Event()
    # TensorFlow would wait for ever, and not even Ctrl-C would end it.
    threading.Thread(
        target=_count, args=(service, found, over), daemon=True
    ).start()
    try:
        return found.result(_PATIENCE)
    except futures.TimeoutError:  # Python 3.10 has two of that name.
        raise UserError(
            f"data.service={service}: after {_PATIENCE} seconds not all input "
            "workers have come that this dispatcher was told of, or it is no "
            f"dispatcher; {_START}"
        ) from None
    except tf.errors.OpError as error:
        raise UserError(
            f"data.service={service}: {words_of(error)}; {_START}"
        ) from error
    finally:
        over.set()


def _count(
    service: str, count: futures.Future[int], over: threading.Event
) -> None:
    """Asks until all answer: the kth of N says k and k + N."""
    two = tf.data.Dataset.range(2**62).shard(*_OWN).take(2)
    try:
        while True:
            found = sorted(map(int, _distributed(two, service)))
            if found and found == [*range(len(found))]:
                count.set_result(len(found) // 2)
                return
            if over.wait(0.5):
                return
    except Exception as error:  # Another thread raises it.
        count.set_exception(error)


@contextlib.contextmanager
def naming_service(service: str) -> Iterator[None]:
    """While entered, errors of the service, where there is one, say so.

    Args:
      service: address of the dispatcher, or nothing.

    Raises:
      UserError: with the first line of TensorFlow's error.
    """
    try:
        yield
    except tf.errors.OpError as error:
        text = str(error)
        of_it = isinstance(error, tf.errors.NotFoundError) or any(
            word in text for word in (_LOST, "dispatcher")
        )
        if not (service and of_it):
            raise
        raise UserError(
            f"data.service={service}: {words_of(error)}; input workers see the "
            "records under the same path as the training, and both they and "
            f"the dispatcher go on until its end. {_START}"
        ) from error
