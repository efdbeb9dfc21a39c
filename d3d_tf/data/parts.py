"""What one of several workers reads of the records that all go through."""

import dataclasses
from typing import TypedDict

import tensorflow as tf

from d3d_tf.data.turns import in_turn


@dataclasses.dataclass(frozen=True)
class Part:
    """One worker's part: of every batch, its run of records.

    Attributes:
      worker: its number, from 0.
      workers: how many there are.
      devices: of each worker. A batch of a part is that of one device, and its
        devices take batches in turn.
      service: address of the dispatcher whose input workers make its batches;
        empty: none.
    """

    worker: int = 0
    workers: int = 1
    devices: int = 1
    service: str = ""

    def of_batches(
        self, records: tf.data.Dataset, size: int
    ) -> tf.data.Dataset:
        """The part of whole batches of `size` records, in their order."""
        if self.workers == 1:
            return records
        own = size // self.workers
        return in_turn(records, own, self.worker, self.workers)

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
