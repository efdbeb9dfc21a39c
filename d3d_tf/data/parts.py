"""What one of several workers reads of the records that all go through."""

import dataclasses
from typing import Any, TypedDict

import tensorflow as tf

from d3d_tf.data.batches import as_it_is


@dataclasses.dataclass(frozen=True)
class Part:
    """One worker's part: of every batch, its run of records.

    Attributes:
      worker: its number, from 0.
      workers: how many there are.
      devices: of each worker. A batch of a part is that of one device, and its
        devices take batches in turn.
    """

    worker: int = 0
    workers: int = 1
    devices: int = 1

    def of_batches(self, records: tf.data.Dataset, size: int) -> Any:
        """The part of whole batches of `size` records, in their order."""
        if self.workers == 1:
            return records
        own = size // self.workers

        @as_it_is
        def is_own(place: Any, _: Any) -> Any:
            return place // own % self.workers == self.worker

        kept = records.enumerate().filter(is_own)
        return kept.map(as_it_is(lambda _, record: record))

    def of_all(self, records: tf.data.Dataset) -> tf.data.Dataset:
        """The records that are a worker's when all take one in turn."""
        return records.shard(self.workers, self.worker)

    def batch_size(self, size: int) -> int:
        """Of the part's batches, where all workers' devices have `size`."""
        return size // (self.workers * self.devices)


WHOLE = Part()


class Reading(TypedDict, total=False):
    """What of a training's batches is read."""

    part: Part
    start_step: int


def taken_of(more: Reading) -> tuple[Part, int]:
    """Both, with their defaults: all of it, from the first step on."""
    if unknown := set(more) - {"part", "start_step"}:
        raise TypeError(f"There is no argument {min(unknown)!r}.")
    return more.get("part", WHOLE), more.get("start_step", 0)
