"""Reading YouTube-8M's files: ours against the kit's reader, and scores.

`python -m benchmarks.read_features` writes videos of random bytes as they are
published, and reads them in training order, in batches of 80: all frames, and
every tenth, k=30. The kit's reader (google/youtube-8m, `readers.py` and
`train.py`, commits 04880ee and e6f6bf6) is of TensorFlow 1's queues; here are
its parsing and its numbers of readers and of videos that are shuffled, by
tf.data. The Model Garden's has the same parsing, but the wheel of 2.15 lacks
it. Then it scores answers on a split that is as large as wanted. The tables go
into docs/youtube8m.md.
"""

import argparse
import functools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.fill_docs import HERE, publish
from benchmarks.interleave import Timed, take_turns, times_as_fast
from benchmarks.memory import machine, peak_mib
from d3d_tf.config.frame_sampling import MAX_FRAMES, FrameSamplingRecipe
from d3d_tf.data.batches import as_it_is
from d3d_tf.data.youtube8m import CLASSES, feature_batches, open_features
from d3d_tf.streams import FEATURES
from d3d_tf.tasks.youtube8m.scores import RankedScores

RESULTS = HERE / "results" / "read_features.json"
PAGE = HERE.parent / "docs" / "youtube8m.md"
BATCH = 80
OURS, KIT = "d3d_tf", "the kit's reader"
ALL, SOME = "all frames", "k=30"
SAMPLINGS = {
    ALL: FrameSamplingRecipe(),
    SOME: FrameSamplingRecipe(way="uniform", k=30),
}
# Of the kit's training: `num_readers`, and the batches that are shuffled.
READERS, SHUFFLED = 8, 1
# Frames of YouTube-8M's videos, of which two minutes are the shortest.
SHORTEST = 120
# Through the videos, in a turn.
PASSES = 3


def write_files(folder: Path, videos: int, files: int = 10) -> None:
    """Videos of 120 to 300 frames, random bytes, three labels each."""
    rng = np.random.default_rng(0)
    for number in range(files):
        path = folder / f"train{number:04d}.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for k in range(number, videos, files):
                writer.write(_record(f"v{k:06d}", rng))


def _record(name: str, rng: np.random.Generator) -> bytes:
    video = tf.train.SequenceExample()
    context = video.context.feature
    context["id"].bytes_list.value.append(name.encode())
    labels = rng.choice(CLASSES[2018], 3, replace=False)
    context["labels"].int64_list.value.extend(labels.tolist())
    count = rng.integers(SHORTEST, MAX_FRAMES + 1)
    for key, width in FEATURES.items():
        frames = video.feature_lists.feature_list[key].feature
        for _ in range(count):
            frames.add().bytes_list.value.append(rng.bytes(width))
    return video.SerializeToString()


def kit_video(record, num_classes: int):
    """As the kit's `YT8MFrameFeatureReader` parses a record.

    Returns:
      `(id, features [300, 1152], labels bool [classes], frames)`.
    """
    context, lists = tf.io.parse_single_sequence_example(
        record,
        {
            "id": tf.io.FixedLenFeature([], tf.string),
            "labels": tf.io.VarLenFeature(tf.int64),
        },
        {
            name: tf.io.FixedLenSequenceFeature([], tf.string)
            for name in FEATURES
        },
    )
    labels = tf.sparse.to_indicator(context["labels"], num_classes)
    parts = []
    for name, width in FEATURES.items():
        numbers = tf.reshape(
            tf.cast(tf.io.decode_raw(lists[name], tf.uint8), tf.float32),
            [-1, width],
        )
        count = tf.minimum(tf.shape(numbers)[0], MAX_FRAMES)
        numbers = numbers * (4 / 255) + (4 / 512 - 2)
        padding = tf.zeros([tf.maximum(MAX_FRAMES - count, 0), width])
        parts.append(tf.concat([numbers[:MAX_FRAMES], padding], axis=0))
    return context["id"], tf.concat(parts, axis=1), labels, count


def kit_batches(folder: Path, every: int = 1) -> tf.data.Dataset:
    """Endless batches; of fewer frames as in H-RNN's code, after parsing."""

    def video(record):
        id_, features, labels, count = kit_video(record, CLASSES[2018])
        return id_, features[::every], labels, count

    def read(path):
        return tf.data.TFRecordDataset(path).map(as_it_is(video))

    paths = sorted(str(path) for path in folder.glob("*.tfrecord"))
    return (
        tf.data.Dataset.from_tensor_slices(paths)
        .shuffle(len(paths))
        .repeat()
        .interleave(
            as_it_is(read), cycle_length=READERS, num_parallel_calls=READERS
        )
        .shuffle(SHUFFLED * BATCH)
        .batch(BATCH)
        .prefetch(1)
    )


def cases(
    folder: Path, batches: int, walls: dict[str, list[float]]
) -> dict[str, Callable[[], Timed]]:
    """Each reads so many batches, from the start; processor ms per video.

    Processor time counts what goes on in the background, and hardly hangs on
    what else the machine does. `walls` gets the seconds that passed.
    """
    files = open_features(folder, "train")
    made: dict[str, tf.data.Dataset] = {}
    for frames, sampling in SAMPLINGS.items():
        every = 1 if sampling.way == "all" else sampling.every
        made[f"{OURS}, {frames}"] = feature_batches(
            files, batch_size=BATCH, training=True, sampling=sampling
        )
        made[f"{KIT}, {frames}"] = kit_batches(folder, every)

    def turn(name: str) -> Timed:
        begin, spent = time.perf_counter(), time.process_time()
        for _ in made[name].take(batches):
            pass
        walls.setdefault(name, []).append(time.perf_counter() - begin)
        spent = time.process_time() - spent
        return 1000 * spent / (batches * BATCH), np.zeros(1)

    return {name: functools.partial(turn, name) for name in made}


def reading(videos: int, rounds: int) -> dict:
    """A row for each reader and number of frames."""
    # Before the last pass ends: nobody begins a window that is not counted.
    batches = PASSES * videos // BATCH - 2
    walls: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, videos)
        size = sum(p.stat().st_size for p in folder.iterdir()) / videos
        found = take_turns(cases(folder, batches, walls), rounds)
    rows = []
    for frames in SAMPLINGS:
        baseline = found[f"{KIT}, {frames}"][0]
        for reader in (KIT, OURS):
            spent = found[f"{reader}, {frames}"][0]
            wall = statistics.median(walls[f"{reader}, {frames}"][-rounds:])
            rate = batches * BATCH / wall
            rows.append(
                {
                    "reader": reader,
                    "frames": frames,
                    "videos_per_second": rate,
                    "gb_per_second": rate * size / 1e9,
                    "processor_ms": statistics.median(spent),
                    **times_as_fast(spent, baseline),
                }
            )
    return {"videos": videos, "rounds": rounds, "rows": rows}


def scoring(videos: int, classes: int, batch: int = 1000) -> dict:
    """Seconds and peak memory of the measures of answers that are made up."""
    rng = np.random.default_rng(0)
    before = peak_mib()
    begin = time.perf_counter()
    parts = []
    for start in range(0, videos, batch):
        shape = min(batch, videos - start), classes
        labels = rng.random(shape, np.float32) < 3.4 / classes
        answers = rng.random(shape, np.float32) * (0.5 + 0.5 * labels)
        ids = np.array([f"v{start + k:07d}" for k in range(shape[0])])
        parts.append(RankedScores.of_answers(ids, labels, answers))
    scores = RankedScores.joined(parts)
    kept = time.perf_counter()
    metrics = scores.metrics()
    return {
        "videos": videos,
        "classes": classes,
        "keeping_seconds": kept - begin,
        "metrics_seconds": time.perf_counter() - kept,
        "peak_mib": round(peak_mib()),
        "before_mib": round(before),
        "gap": metrics["gap"]["value"],
    }


def markdown(results: dict) -> str:
    """The tables."""
    lines = [
        "| | read by | videos per second | GB/s | processor ms per video | "
        "times the kit's, by processor time |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["reading"]["rows"]:
        low, high = row["ratio_ci95"]
        lines.append(
            f"| {row['frames']} | {row['reader']} | "
            f"{row['videos_per_second']:.0f} | {row['gb_per_second']:.2f} | "
            f"{row['processor_ms']:.2f} | {row['ratio']:.2f} "
            f"[{low:.2f}, {high:.2f}] |"
        )
    made, scored = results["reading"], results["scoring"]
    lines += [
        "",
        f"Medians of {made['rounds']} turns, each {PASSES} times through "
        f"{made['videos']} videos of {SHORTEST} to {MAX_FRAMES} frames; "
        f"{results['cores']} cores of {results['processor']}, load before it "
        f"began: {results['load_before']}.",
        "",
        f"Of {scored['videos']:,} videos of {scored['classes']:,} classes, "
        f"made up in batches, the 20 best answers were kept in "
        f"{scored['keeping_seconds']:.0f} s and the measures and their "
        f"bootstrap took {scored['metrics_seconds']:.0f} s; the process had "
        f"{scored['before_mib'] / 1000:.1f} GB before and at most "
        f"{scored['peak_mib'] / 1000:.1f} GB.",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scored", type=int, default=200_000)
    given = parser.parse_args(arguments)
    results = machine()
    # First: the peak of a process never falls.
    results["scoring"] = scoring(given.scored, CLASSES[2017])
    results["reading"] = reading(given.videos, given.rounds)
    publish(RESULTS, results, PAGE, "reading speed", markdown)


if __name__ == "__main__":
    main()
