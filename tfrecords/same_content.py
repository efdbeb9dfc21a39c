"""Shards of files that have other times and the same bytes, as copies have."""

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from d3d_tf.atomic_files import to_path, write_atomically
from d3d_tf.screen import say
from d3d_tf.tfrecords.write_shard import Shard, content_of


def without_recognised(shards: Iterable[Shard], *, show: bool) -> list[Shard]:
    """Those that must be written, of those that are not finished.

    The others were made from files of these names, sizes and content, and count
    as finished from now on. Only files that may be the same are read, on every
    core.

    Args:
      shards: none of them finished.
      show: draw a progress bar, and say at the end how many were recognised.
    """
    todo: list[Shard] = []
    candidates: list[Shard] = []
    for shard in shards:
        (candidates if shard.made_at_other_times() else todo).append(shard)
    if not candidates:
        return todo
    with (
        ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool,
        tqdm(
            pool.map(_recognise, candidates),
            "comparing changed files",
            len(candidates),
            disable=not show,
            unit=" shards",
        ) as bar,
    ):
        same = list(bar)
    changed = [s for s, kept in zip(candidates, same, strict=True) if not kept]
    if show:
        say(
            f"{sum(same)} of {len(same)} shards stay: their files have other "
            "times of change and the same content"
        )
    return todo + changed


def _recognise(shard: Shard) -> bool:
    inputs = shard.inputs()  # Before the files are read: they may change.
    part = json.loads(to_path(shard.part_path).read_text())
    for source, row in zip(shard.sources, part["videos"], strict=True):
        # Folders of pictures and imported flow have no digest here.
        content = {} if source.flow_path else content_of(source.path)
        if not content or content["sha256"] != row.get("sha256"):
            return False
    write_atomically(shard.part_path, json.dumps(part | {"inputs": inputs}))
    return True
