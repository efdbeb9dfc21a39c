"""Preparation of records: frames per second per core, against decoding alone.

The videos are cut into pieces, as many for every core, so that all cores have
work to the end. Both turns use the same pieces and the same child processes.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords import decode_sandbox
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.video.reading import frame_times

SECONDS = 4.0  # Of a piece: more than the 64 frames that a clip needs.
CLASSES = ("even", "odd")


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


def pieces(videos: list[Path], count: int) -> Listing:
    """`count` pieces of each video, begun evenly from its start to its end."""
    sources = []
    for video in videos:
        times = frame_times(video)
        room = max(0.0, times[-1] - times[0] - SECONDS)
        for k in range(count):
            start = room * k / max(1, count - 1)
            label = len(sources) % len(CLASSES)
            sources.append(
                Source(
                    f"{video.stem}-{k}",
                    str(video),
                    label,
                    CLASSES[label],
                    "train",
                    start=start,
                    end=start + SECONDS,
                )
            )
    return Listing("pieces", CLASSES, tuple(sources))


def decode(listing: Listing, data: DataRecipe) -> dict:
    """Decoding and resizing alone: frames, and seconds on all cores."""
    with ThreadPoolExecutor(cores()) as pool:
        begin = time.perf_counter()
        videos = pool.map(
            lambda s: decode_sandbox.read(s, data)[0], listing.sources
        )
        frames = sum(len(video.frames) for video in videos)
        return {"frames": frames, "seconds": time.perf_counter() - begin}


def measure(listing: Listing, folder: Path) -> dict:
    """Decodes, prepares into `folder/records`, decodes again.

    Returns:
      frames per second and core of both; bytes per frame of JPEG, PNG and all.
    """
    count = len(listing.sources)
    data, flow = DataRecipe(num_shards=count), FlowRecipe()
    first = Listing(listing.name, CLASSES, listing.sources[: cores()])
    # Starts Beam, the children and the compiler.
    short = DataRecipe(num_shards=count, max_seconds=0.2)
    prepare(first, folder / "start", data=short, flow=flow, show=False)
    decode(first, short)

    before = decode(listing, data)
    begin = time.perf_counter()
    info = prepare(listing, folder / "records", data=data, flow=flow)
    seconds = time.perf_counter() - begin
    after = decode(listing, data)
    frames = info["frames"]["sum"]
    decoding = before["seconds"] + after["seconds"]
    return {
        "videos": count,
        "frames": frames,
        "decode_fps_per_core": 2 * before["frames"] / decoding / cores(),
        "prepare_fps_per_core": frames / seconds / cores(),
        "bytes_per_frame": {
            "all": info["num_bytes"] / frames,
            **picture_bytes(folder / "records"),
        },
    }


def picture_bytes(folder: Path) -> dict[str, float]:
    """Mean size of an encoded frame and of its flow."""
    sizes: dict[str, list[int]] = {"rgb": [], "flow": []}
    for path in sorted(folder.glob("*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            lists = tf.train.SequenceExample.FromString(record).feature_lists
            for name, prefix in (("rgb", ""), ("flow", schema.FLOW)):
                pictures = lists.feature_list[prefix + schema.IMAGE_ENCODED]
                sizes[name] += [
                    len(one.bytes_list.value[0]) for one in pictures.feature
                ]
    return {name: sum(each) / len(each) for name, each in sizes.items()}
