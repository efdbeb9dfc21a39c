"""Clips per second from records: ours, the Model Garden's, and video files.

Candidates take turns in one process. A turn begins with a fresh iterator and
clips that are not counted, so that nobody lives on what was made ready while
the others had their turn.
"""

import collections
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.preparation import CLASSES, cores
from d3d_tf.config import ClipRecipe
from d3d_tf.data.counted import Counted
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.decode import parse
from d3d_tf.data.framing import count_whole
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.tfrecords.listing import Listing
from d3d_tf.video.reading import read_video

CLIP = ClipRecipe()  # 64 x 224 x 224.
BATCH = 4
OURS, GARDEN, FILES = "d3d_tf", "Model Garden", "PyAV, from the video files"
EVALUATION, TRAINING = "centre crop", "training"


def ours(
    folder: Path, *, training: bool, streams: tuple[str, ...] = ("frames",)
) -> tf.data.Dataset:
    """Endless batches of our pipeline."""
    data = make_dataset(
        folder,
        "train",
        CLIP,
        batch_size=BATCH,
        training=training,
        streams=streams,
    )
    return data if training else data.repeat()


def garden(folder: Path, *, training: bool) -> tf.data.Dataset:
    """Endless batches of the Model Garden's reader with its own settings."""
    from official.vision.configs import video_classification as configs
    from official.vision.dataloaders import input_reader_factory, video_input

    params = configs.DataConfig(
        is_training=training,
        feature_shape=(CLIP.frames, CLIP.size, CLIP.size, 3),
        one_hot=False,
        num_classes=len(CLASSES),
        global_batch_size=BATCH,
        input_path=str(folder / "train-*.tfrecord"),
    )
    reader = input_reader_factory.input_reader_generator(
        params,
        dataset_fn=tf.data.TFRecordDataset,
        decoder_fn=video_input.Decoder().decode,
        parser_fn=video_input.Parser(params).parse_fn(training),
        postprocess_fn=video_input.PostBatchProcessor(params),
    )
    data = reader.read()
    return data if training else data.repeat()


def files(listing: Listing) -> Iterator[np.ndarray]:
    """Endless batches decoded from the videos, a thread per core.

    Each clip opens its file, jumps to its start, and is cropped in the middle.
    """

    def clip(source):
        frames = read_video(
            source.path,
            frame_rate=25,
            short_side=256,
            max_seconds=CLIP.frames / 25,
            start=source.start,
            end=source.end,
        ).frames[: CLIP.frames]
        top, left = (np.array(frames.shape[1:3]) - CLIP.size) // 2
        frames = frames[:, top : top + CLIP.size, left : left + CLIP.size]
        return frames.astype(np.float32) / 127.5 - 1

    with ThreadPoolExecutor(cores()) as pool:
        pending: collections.deque = collections.deque()
        while True:
            for source in listing.sources:
                pending.append(pool.submit(clip, source))
                if len(pending) >= max(2 * cores(), BATCH):
                    yield np.stack(
                        [pending.popleft().result() for _ in range(BATCH)]
                    )


def turn(make: Callable[[], Iterator], clips: int) -> tuple[float, float]:
    """(clips per second, processor milliseconds per clip) of a fresh start."""
    iterator = make()
    batches = max(1, clips // BATCH)
    for _ in range(max(2, batches // 2)):
        next(iterator)
    begin, spent = time.perf_counter(), time.process_time()
    for _ in range(batches):
        next(iterator)
    count = batches * BATCH
    wall = time.perf_counter() - begin
    return count / wall, 1000 * (time.process_time() - spent) / count


def measure(
    listing: Listing, folder: Path, *, rounds: int, clips: int
) -> list[dict]:
    """Medians of `rounds` turns of `clips` clips each."""
    candidates: dict[tuple[str, str], Callable[[], Iterator]] = {}

    def add(task: str, name: str, data: tf.data.Dataset) -> None:
        candidates[task, name] = lambda: iter(data)

    for task in (EVALUATION, TRAINING):
        training = task == TRAINING
        add(task, OURS, ours(folder, training=training))
        add(task, GARDEN, garden(folder, training=training))
    both = ours(folder, training=True, streams=("frames", "flow"))
    add("training, RGB and flow", OURS, both)
    candidates[EVALUATION, FILES] = lambda: files(listing)
    found: dict = {key: [] for key in candidates}
    for _ in range(rounds):
        for key, make in candidates.items():
            found[key].append(turn(make, clips))
    rows = []
    for (task, name), turns in found.items():
        rates, spent = zip(*turns, strict=True)
        rows.append(
            {
                "task": task,
                "name": name,
                "clips_per_second": statistics.median(rates),
                "cpu_ms_per_clip": statistics.median(spent),
            }
        )
    return rows


def checking(folder: Path, *, records: int = 4000) -> dict:
    """What it costs to compare records with the manifest.

    Returns:
      opening_us: per record of a shard, its length read before the job begins,
      reading_us: processor time per record, where it is parsed.
    """
    dataset = open_dataset(folder)
    shards = dataset.shards("train")
    times = max(1, records // sum(shards.values()))
    begin = time.process_time()
    for path in list(shards) * times:
        count_whole(path)
    opening = time.process_time() - begin
    counted = Counted(dataset, "train")
    streams = ("frames", "flow")
    record = next(iter(tf.data.TFRecordDataset(list(shards))))
    video = parse(record, streams)
    count = times * sum(shards.values())
    spent = []
    for require in (lambda video, streams: video, counted.require):
        data = tf.data.Dataset.range(count).map(
            lambda _, require=require: require(video, streams)["label"]
        )
        begin = time.process_time()
        for _ in data:
            pass
        spent.append(time.process_time() - begin)
    return {
        "opening_us": 1e6 * opening / count,
        "reading_us": 1e6 * max(0.0, spent[1] - spent[0]) / count,
    }


def times_garden(rows: list[dict], task: str, key: str) -> float:
    """How many times the Model Garden's speed ours is; by wall or processor."""
    ours_, theirs = (
        next(r[key] for r in rows if (r["task"], r["name"]) == (task, name))
        for name in (OURS, GARDEN)
    )
    return theirs / ours_ if key == "cpu_ms_per_clip" else ours_ / theirs
