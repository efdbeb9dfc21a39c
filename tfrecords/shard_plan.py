"""Which video goes into which shard, and stays there.

The plan is saved before the first shard is written. A later run, with more
videos or fewer, keeps every video where it is and deals the new ones to shards
of their own, so finished shards are left alone.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.write_shard import Shard

PLAN = "plan.json"


def plan_shards(
    listing: Listing, folder: Path, *, data: DataRecipe, flow: FlowRecipe
) -> list[Shard]:
    """Deals each split's videos to at most `data.num_shards` shards.

    Videos are dealt in the order of a digest of their names, so that a shard
    is a fair sample of the classes. Those that `folder`'s plan already holds
    stay in their shard; new ones go to `SPLIT-moreN-...`, so many shards that
    these are as large as the others. Where splits were drawn and not given, a
    video also stays in its split.

    Raises:
      UserError: the folder's plan cannot be read.
    """
    waiting = {source.id: source for source in listing.sources}
    planned = []
    for row in _read(folder):
        members = []
        for id_ in row["ids"]:
            source = waiting.get(id_)
            if source and listing.drawn:
                source = replace(source, split=row["split"])
            if source and source.split == row["split"]:
                members.append(source)
                del waiting[id_]
        if members:
            planned.append((row["split"], row["name"], members))
    new: dict[str, list[Source]] = {}
    for source in waiting.values():
        new.setdefault(source.split, []).append(source)
    for split, members in new.items():
        old = [(n, m) for s, n, m in planned if s == split]
        planned += [
            (split, *dealt) for dealt in _deal(split, members, old, data)
        ]
    planned.sort(key=lambda shard: shard[:2])
    return [
        Shard(
            path=str(folder / name),
            sources=tuple(members),
            dataset_name=listing.name,
            data=data,
            flow=flow,
        )
        for _, name, members in planned
    ]


def save_plan(folder: Path, shards: Iterable[Shard]) -> None:
    """Writes the plan, if it is another one than that which is there."""
    rows = [
        {
            "name": Path(shard.path).name,
            "split": shard.sources[0].split,
            "ids": [source.id for source in shard.sources],
        }
        for shard in shards
    ]
    if rows != _read(folder):
        write_atomically(folder / PLAN, json.dumps(rows, indent=0))


def _deal(
    split: str,
    members: list[Source],
    old: list[tuple[str, list[Source]]],
    data: DataRecipe,
) -> list[tuple[str, list[Source]]]:
    """(name, members) of the shards for videos that are in none yet."""
    members = sorted(
        members, key=lambda s: hashlib.sha256(s.id.encode()).hexdigest()
    )
    count = min(data.num_shards, len(members))
    prefix = split
    if old:
        size = sum(len(videos) for _, videos in old) / len(old)
        count = min(count, math.ceil(len(members) / size))
        taken = {name.rsplit("-", 3)[0] for name, _ in old}
        number = 1
        while f"{split}-more{number}" in taken:
            number += 1
        prefix = f"{split}-more{number}"
    return [
        (f"{prefix}-{i:05d}-of-{count:05d}.tfrecord", members[i::count])
        for i in range(count)
    ]


def _read(folder: Path) -> list[dict]:
    path = folder / PLAN
    if not path.exists():
        return []
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise UserError(
            f"{path} is damaged: remove the folder {folder} and prepare again."
        ) from error
