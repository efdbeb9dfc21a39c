"""Videos to records: a Beam pipeline over shards.

One element is one shard, because a shard is what appears whole or not at all:
a worker writes it under a temporary name, with its part of the manifest, and
renames both. Started again, the pipeline keeps every shard whose list of
videos has not changed. The folder, `NAME-DIGEST8`, is a function of the data
set and of the recipe, so runs share it.
"""

import dataclasses
import hashlib
import json
import os
import threading
import time
import uuid
from pathlib import Path

from tqdm import tqdm

from d3d_tf.config import DataRecipe, FlowRecipe, digest, to_dict
from d3d_tf.errors import UserError
from d3d_tf.files import write_atomically
from d3d_tf.tfrecords.sources import Listing, Source


@dataclasses.dataclass(frozen=True)
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

    def inputs(self) -> str:
        """A digest of everything the shard's content depends on.

        A video counts by name, label, size and time of change, so that a
        second run need not read it.
        """
        files = []
        for source in self.sources:
            try:
                stat = os.stat(source.path)
                state = [stat.st_size, stat.st_mtime_ns]
            except OSError:
                state = []
            files.append([dataclasses.asdict(source), state])
        return digest(files, self.data, self.flow)

    def finished(self) -> bool:
        """Whether both files are there and were made from these inputs."""
        try:
            part = json.loads(Path(self.part_path).read_text())
            size = os.stat(self.path).st_size
        except (OSError, ValueError):
            return False
        return part["inputs"] == self.inputs() and part["bytes"] == size


def dataset_folder(
    records_dir: str | Path,
    name: str,
    data: DataRecipe,
    flow: FlowRecipe,
    identity: str,
) -> Path:
    """`records_dir/NAME-DIGEST8`; `identity` tells apart sets of one name."""
    return Path(records_dir) / f"{name}-{digest(data, flow, identity)[:8]}"


def prepare(
    listing: Listing,
    folder: Path,
    *,
    data: DataRecipe,
    flow: FlowRecipe,
    beam_args: list[str] | None = None,
    show: bool = True,
) -> dict:
    """Makes the record folder, or finishes it, or finds it finished.

    Args:
      listing: the videos.
      folder: where the shards go; see `dataset_folder`.
      data: how videos are decoded and stored.
      flow: how flow is made.
      beam_args: Beam's own pipeline flags; default: Beam's DirectRunner with a
        thread per core (decoding and flow leave Python's lock).
      show: draw a progress bar.

    Returns:
      The content of `dataset.json`.

    Raises:
      UserError: no video could be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    shards = plan_shards(listing, folder, data=data, flow=flow)
    todo = [shard for shard in shards if not shard.finished()]
    if todo:
        _run(todo, beam_args or local_beam_args(), show=show)
    return _finish(listing, folder, shards, data=data, flow=flow)


def plan_shards(
    listing: Listing, folder: Path, *, data: DataRecipe, flow: FlowRecipe
) -> list[Shard]:
    """Deals each split's videos to at most `data.num_shards` shards.

    Videos are dealt in the order of a digest of their names, so that a shard
    is a fair sample of the classes.
    """
    shards = []
    for split in sorted({source.split for source in listing.sources}):
        members = sorted(
            (s for s in listing.sources if s.split == split),
            key=lambda s: hashlib.sha256(s.id.encode()).hexdigest(),
        )
        count = min(data.num_shards, len(members))
        for i in range(count):
            name = f"{split}-{i:05d}-of-{count:05d}.tfrecord"
            shards.append(
                Shard(
                    path=str(folder / name),
                    sources=tuple(members[i::count]),
                    dataset_name=listing.name,
                    data=data,
                    flow=flow,
                )
            )
    return shards


def write_shard(shard: Shard) -> str:
    """Writes one shard and its part of the manifest; returns its path."""
    # Imported where it runs, so that the list of shards can be made, and
    # `--help` shown, without TensorFlow.
    import tensorflow as tf

    from d3d_tf.tfrecords.example import encode_example
    from d3d_tf.tfrecords.video import UnreadableVideo, read_video

    inputs = shard.inputs()
    rows = []
    temporary = f"{shard.path}.tmp-{uuid.uuid4().hex}"
    with tf.io.TFRecordWriter(temporary) as writer:
        for source in shard.sources:
            row = {
                "id": source.id,
                "path": source.path,
                "split": source.split,
                "label": source.label,
            }
            try:
                video = read_video(
                    source.path,
                    frame_rate=shard.data.frame_rate,
                    short_side=shard.data.short_side,
                    max_seconds=shard.data.max_seconds,
                )
                record, clipped = encode_example(
                    video,
                    source,
                    dataset_name=shard.dataset_name,
                    data=shard.data,
                    flow=shard.flow,
                )
            except UnreadableVideo as error:
                rows.append(row | {"skipped": str(error)})
                continue
            writer.write(record)
            rows.append(
                row
                | {
                    "sha256": _sha256(source.path),
                    "frames": len(video.frames),
                    "trimmed": video.trimmed,
                    "clipped_flow": clipped,
                    "shard": Path(shard.path).name,
                }
            )
    part = {
        "inputs": inputs,
        "bytes": os.stat(temporary).st_size,
        "videos": rows,
    }
    os.replace(temporary, shard.path)
    write_atomically(shard.part_path, json.dumps(part))
    return shard.path


def local_beam_args() -> list[str]:
    """Flags for this machine: threads, one per core."""
    return [
        "--runner=DirectRunner",
        "--direct_running_mode=multi_threading",
        f"--direct_num_workers={len(os.sched_getaffinity(0))}",
    ]


def _run(shards: list[Shard], beam_args: list[str], *, show: bool) -> None:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    def run():
        with beam.Pipeline(options=PipelineOptions(beam_args)) as pipeline:
            _ = (
                pipeline
                | "Shards" >> beam.Create(shards)
                | "Spread" >> beam.Reshuffle()
                | "Write" >> beam.Map(write_shard)
            )

    failure: list[BaseException] = []

    def guarded():
        try:
            run()
        except BaseException as error:  # noqa: BLE001 - raised below
            failure.append(error)

    # A shard's files tell that it is finished, whatever runner wrote them.
    worker = threading.Thread(target=guarded, daemon=True)
    worker.start()
    waiting = list(shards)
    total = sum(len(shard.sources) for shard in shards)
    with tqdm(
        total=total, unit="video", desc="preparing records", disable=not show
    ) as bar:
        while worker.is_alive():
            worker.join(0.5)
            ready = [s for s in waiting if os.path.exists(s.part_path)]
            ready = [s for s in ready if s.finished()]
            for shard in ready:
                bar.update(len(shard.sources))
                waiting.remove(shard)
        if not failure:
            bar.update(total - bar.n)
    if failure:
        raise failure[0]


def _finish(
    listing: Listing,
    folder: Path,
    shards: list[Shard],
    *,
    data: DataRecipe,
    flow: FlowRecipe,
) -> dict:
    """Gathers the parts into manifest.json, label_map.txt, dataset.json."""
    rows = [
        row
        for shard in shards
        for row in json.loads(Path(shard.part_path).read_text())["videos"]
    ]
    rows.sort(key=lambda row: row["id"])
    used = [row for row in rows if "skipped" not in row]
    skipped = [row for row in rows if "skipped" in row]
    if not used:
        reasons = "; ".join(f"{r['path']}: {r['skipped']}" for r in skipped[:5])
        raise UserError(
            f"None of the {len(rows)} files could be used as a video. {reasons}"
        )
    splits: dict[str, int] = {}
    for row in used:
        splits[row["split"]] = splits.get(row["split"], 0) + 1
    frames = [row["frames"] for row in used]
    weights = [max(row["frames"] - 1, 1) for row in used]
    clipped = sum(
        row["clipped_flow"] * w for row, w in zip(used, weights, strict=True)
    )
    import av

    from d3d_tf.tfrecords.flow import import_optflow

    dataset = {
        "name": listing.name,
        "digest": digest(
            [[r["id"], r["sha256"], r["label"], r["frames"]] for r in used],
            list(listing.classes),
            data,
            flow,
        ),
        "num_videos": len(used),
        "num_bytes": sum(os.stat(shard.path).st_size for shard in shards),
        "num_skipped": len(skipped),
        "num_trimmed": sum(row["trimmed"] for row in used),
        "splits": splits,
        "shards": _shard_counts(used),
        "classes": list(listing.classes),
        "empty_classes": list(listing.empty_classes),
        "frames": {"min": min(frames), "max": max(frames), "sum": sum(frames)},
        "clipped_flow": clipped / sum(weights),
        "recipe": {"data": to_dict(data), "flow": to_dict(flow)},
        "flow_recipe": digest(flow),
        "versions": {"opencv": import_optflow().__version__, "av": av.__version__},
    }
    write_atomically(folder / "manifest.json", json.dumps(rows, indent=1))
    write_atomically(
        folder / "label_map.txt", "".join(f"{c}\n" for c in listing.classes)
    )
    write_atomically(folder / "dataset.json", json.dumps(dataset, indent=1))
    return dataset


def _shard_counts(rows: list[dict]) -> dict[str, int]:
    """Videos per shard file; the only list of shards that readers trust."""
    counts: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: row["shard"]):
        counts[row["shard"]] = counts.get(row["shard"], 0) + 1
    return counts


def _sweep(folder: Path) -> None:
    """Removes what an interrupted worker left half written an hour ago."""
    for path in folder.glob("*.tmp-*"):
        try:
            if time.time() - path.stat().st_mtime > 3600:
                path.unlink()
        except OSError:
            continue


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
