"""The processes, on one machine or several, that train a network together.

All run the same command and do the same; `MultiWorkerMirroredStrategy` adds up
their gradients. Each reads its part of every batch.
"""

import contextlib
import dataclasses
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf.data.parts import WHOLE, Part
from d3d_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Workers:
    """All workers, as one of them sees them.

    Attributes:
      strategy: of which each has its replicas.
      index: this one's number; the chief's is 0.
      addresses: of all, `host:port`.
    """

    strategy: tf.distribute.Strategy
    index: int
    addresses: tuple[str, ...]

    @property
    def is_chief(self) -> bool:
        """Whether it is the one that writes runs, records and exports."""
        return self.index == 0

    @property
    def part(self) -> Part:
        """What it reads."""
        count = len(self.addresses)
        replicas = self.strategy.num_replicas_in_sync
        return Part(self.index, count, replicas // count)

    @property
    def address(self) -> str:
        """Its own, `host:port`."""
        return self.addresses[self.index]

    @property
    def title(self) -> str:
        """`worker 1 of 2 (host:port)`, counted from 0."""
        return f"worker {self.index} of {len(self.addresses)} ({self.address})"

    def gather(self, content: bytes) -> list[bytes]:
        """What every worker gave, in their order; waits for all."""
        sizes = self._gather(np.array([len(content)], np.int32))
        whole = -(-len(content) // 4) * 4
        words = np.frombuffer(content.ljust(whole, b"\0"), np.int32)
        # No worker has nothing, which collectives would not like.
        words = self._gather(np.append(words, np.int32(0)))
        found, start = [], 0
        for size in sizes:
            length = -(-size // 4)
            found.append(words[start : start + length].tobytes()[:size])
            start += length + 1
        return found

    def _gather(self, values: np.ndarray) -> np.ndarray:
        """Every worker's, in their order, one after another."""

        def in_replica(values):
            context = tf.distribute.get_replica_context()
            return context.all_gather(values, axis=0)

        # Of a worker's replicas the first one has its values.
        def given(context):
            first = context.replica_id_in_sync_group % self.part.devices == 0
            return tf.constant(values if first else values[:0])

        per_replica = (
            self.strategy.experimental_distribute_values_from_function(given)
        )
        found = self.strategy.run(in_replica, args=(per_replica,))
        return self.strategy.experimental_local_results(found)[0].numpy()

    def wait(self) -> None:
        """Until all workers have come as far."""
        self.gather(b"")

    def require_same(self, facts: dict[str, Any]) -> None:
        """Refuses workers that were started in another way than the chief.

        Raises:
          UserError: on all of them.
        """
        gathered = self.gather(json.dumps(facts, sort_keys=True).encode())
        first, *others = (json.loads(one) for one in gathered)
        for place, other in enumerate(others, start=1):
            for name, value in first.items():
                if other.get(name) != value:
                    raise UserError(
                        f"Worker {place} ({self.addresses[place]}) has {name} "
                        f"{other.get(name)}, and the chief "
                        f"({self.addresses[0]}) {value}: start all of them "
                        "with the same command and the same package."
                    )


_STARTED: list[Workers] = []


def begin(workers: Workers) -> None:
    """From now on this process is one of them."""
    _STARTED[:] = [workers]


def started() -> Workers | None:
    """The workers of which this process is one."""
    return _STARTED[0] if _STARTED else None


def distributed(make: Callable[[Part], tf.data.Dataset]):
    """A data set for `fit`: of each worker what `make` makes of its part."""
    workers = started()
    if workers is None:
        return make(WHOLE)
    return workers.strategy.distribute_datasets_from_function(
        lambda _: make(workers.part)
    )


def read_part() -> Part:
    """What this process trains on."""
    workers = started()
    return workers.part if workers else WHOLE


def own_part(records: int) -> Part:
    """What this process scores of so many; all, if workers have none else."""
    workers = started()
    if workers is None or records < len(workers.addresses):
        return WHOLE
    return dataclasses.replace(workers.part, devices=1)


def gathered(
    part: Part, arrays: Sequence[np.ndarray]
) -> list[list[np.ndarray]]:
    """The arrays of every worker, in their order, or what is whole already."""
    workers = started()
    if workers is None or part == WHOLE:
        return [list(arrays)]
    content = io.BytesIO()
    np.savez(content, *arrays)
    found = []
    for each in workers.gather(content.getvalue()):
        with np.load(io.BytesIO(each)) as loaded:
            found.append([loaded[f"arr_{k}"] for k in range(len(arrays))])
    return found


def as_read(counts: Sequence[int], views: int = 1) -> np.ndarray:
    """The order by which rows of `Part.of_all`, joined, are those of one.

    Args:
      counts: how many rows each worker has.
      views: rows of a record, which one worker has.

    Returns:
      int64 `[rows]`, places in the joined rows.
    """
    records = [
        (view // views * len(counts) + worker) * views + view % views
        for worker, count in enumerate(counts)
        for view in range(count)
    ]
    return np.argsort(records)


@contextlib.contextmanager
def naming_the_lost(workers: Workers) -> Iterator[None]:
    """While entered, errors of TensorFlow that come of a worker's end say so.

    Raises:
      UserError: another worker ended.
    """
    try:
        yield
    except tf.errors.OpError as error:
        lost = isinstance(
            error, tf.errors.UnavailableError | tf.errors.AbortedError
        )
        if not (lost or "ollective" in str(error)):
            raise
        others = [a for a in workers.addresses if a != workers.address]
        raise UserError(
            f"another worker ({' or '.join(others)}) ended or cannot be "
            "reached: see what it said. The same command on all workers goes "
            "on from the last checkpoint."
        ) from error


@contextlib.contextmanager
def chief_first() -> Iterator[None]:
    """What the chief makes here the others find made."""
    workers = started()
    if workers and not workers.is_chief:
        workers.wait()
    yield
    if workers and workers.is_chief:
        workers.wait()
