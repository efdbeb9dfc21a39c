"""A shard: the piece of work that appears whole or not at all."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from d3d_tf.atomic_files import appearing, file_size, to_path, write_atomically
from d3d_tf.config import DataRecipe, FlowRecipe, digest, flow_identity
from d3d_tf.disk import naming_refusal
from d3d_tf.file_digests import sha256_of
from d3d_tf.tfrecords.listing import Source
from d3d_tf.video import DECODING


@dataclass(frozen=True)
class Shard:
    """The work of one worker: these videos into this file."""

    path: str
    sources: tuple[Source, ...]
    dataset_name: str
    data: DataRecipe
    flow: FlowRecipe

    @property
    def part_path(self) -> str:
        """Where its part of the manifest lies; written last."""
        return self.path + ".json"

    def inputs(self, times: bool = True) -> str:
        """A digest of everything the shard's content depends on.

        A video counts by name, label, size and time of change, so that a
        second run need not read it; its folder may be called another way.

        Args:
          times: whether times of change count.
        """
        files = [
            [
                source.id,
                source.label,
                source.class_name,
                *([source.others] if source.others else []),
                *([asdict(source.keyframe)] if source.keyframe else []),
                [source.start, source.end],
                [
                    _state(path)[: 1 + times]
                    for path in (source.path, source.flow_path)
                    if path
                ],
            ]
            for source in self.sources
        ]
        return digest(files, self.data, self.flow, {"decoding": DECODING})

    def finished(self) -> bool:
        """Whether both files are there and were made from these inputs."""
        made_from = self._part().get("inputs")
        return bool(made_from) and made_from == self.inputs()

    def made_at_other_times(self) -> bool:
        """Whether it would be finished if times of change did not count."""
        made_from = self._part().get("inputs_without_times")
        return bool(made_from) and made_from == self.inputs(times=False)

    def _part(self) -> dict:
        """Its part of the manifest; empty if it or the shard is not whole."""
        try:
            part = json.loads(to_path(self.part_path).read_text())
            size = file_size(self.path)
        except (OSError, ValueError):
            return {}
        whole = isinstance(part, dict) and part.get("bytes") == size
        return part if whole else {}

    def counts(self) -> dict[str, int]:
        """Of the finished shard, by the names that `write_shard` counts."""
        part = json.loads(to_path(self.part_path).read_text())
        rows = part["videos"]
        return {
            "videos": len(rows),
            "frames": sum(row.get("frames", 0) for row in rows),
            "quarantined": sum("skipped" in row for row in rows),
        }


def content_of(path: str) -> dict:
    """`{"sha256": ...}` of a file; empty: it cannot be read, or is not one."""
    try:
        return {"sha256": sha256_of(path)} if os.path.isfile(path) else {}
    except OSError:
        return {}


def write_shard(
    shard: Shard, count: Callable[[str, int], object] = lambda name, number: 0
) -> str:
    """Writes one shard and its part of the manifest; returns its path.

    Args:
      shard: what to do.
      count: told after every video how much more there is of `videos` (good
        and bad), `frames` and `quarantined`.

    Raises:
      DiskError: with the bytes that the shard needs, as far as they are known.
    """
    # Imported where it runs, so that the list of shards can be made, and
    # `--help` shown, without TensorFlow.
    import tensorflow as tf

    from d3d_tf.tfrecords.flow import flow_library
    from d3d_tf.video.opening import UnreadableVideo

    inputs, without_times = shard.inputs(), shard.inputs(times=False)
    library = flow_library(shard.flow)
    flow_digest = digest(flow_identity(shard.flow, shard.data, library))
    rows: list[dict] = []
    written = 0

    def expected_size() -> int:
        return written * len(shard.sources) // (len(rows) + 1)

    with (
        naming_refusal(shard.path, expected_size, "this shard"),
        appearing(shard.path) as name,
        tf.io.TFRecordWriter(name) as writer,
    ):
        for source in shard.sources:
            try:
                record, facts = _encode(shard, source, flow_digest)
            except UnreadableVideo as error:
                facts = {"skipped": str(error)} | content_of(source.path)
                count("quarantined", 1)
            else:
                written += len(record)
                writer.write(record)
                count("frames", facts["frames"])
            rows.append(source.row() | facts)
            count("videos", 1)
    part = {
        "inputs": inputs,
        "inputs_without_times": without_times,
        "flow_library": library,
        "bytes": file_size(shard.path),
        "videos": rows,
    }
    write_atomically(shard.part_path, json.dumps(part))
    return shard.path


def _encode(
    shard: Shard, source: Source, flow_digest: str
) -> tuple[bytes, dict]:
    """The record of a video and what the manifest says of it.

    Raises:
      UnreadableVideo: it cannot be one.
    """
    from d3d_tf.tfrecords import decode_sandbox
    from d3d_tf.tfrecords.example import encode_example

    video, sha256 = decode_sandbox.read(source, shard.data)
    record, clipped = encode_example(
        video,
        source,
        dataset_name=shard.dataset_name,
        data=shard.data,
        flow=shard.flow,
        flow_digest=flow_digest,
    )
    return record, {
        "sha256": sha256,
        "frames": len(video.frames),
        "trimmed": video.trimmed,
        "missing_frames": video.missing,
        "recordings": video.parts,
        "clipped_flow": clipped,
        "shard": Path(shard.path).name,
    }


def _state(path: str) -> list[int]:
    try:
        stat = os.stat(path)
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]
