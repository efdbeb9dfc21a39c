"""`make fewer-frames`: students of fewer frames, on YouTube-8M in miniature.

Table 1 of Bhardwaj et al. (CVPR 2019) and the supplement's table of rare and
frequent classes, on the recipe `toy_features`: a teacher of all frames, and of
every 10th, 20th or 50th a network that learns from labels alone and one for
each combination of losses. Networks are trained where they are missing.
"""

import argparse
import dataclasses
import functools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.fewer_frames_page import (
    ENSEMBLES,
    PAPER,
    SIZES,
    markdown,
)
from benchmarks.fewer_frames_rows import recipe_of, teacher_of, without_teacher
from benchmarks.fill_docs import CLIPS, HERE, publish, saved
from d3d_tf import processor
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.feature_sets import files_of
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.experiment.results_json import Table
from d3d_tf.experiment.stages import score, train_missing
from d3d_tf.experiment.start import start_training
from d3d_tf.keras_api import keras
from d3d_tf.models import make_network
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.streams import CHANNELS
from d3d_tf.tasks.youtube8m.ranked_labels import SubsetRanks
from d3d_tf.tfrecords.ensure import ensure_records
from d3d_tf.training.scoring import compile_forward
from d3d_tf.video.reading import read_video

PAGE = HERE.parent / "docs" / "youtube8m.md"
RESULTS = HERE / "results" / "fewer_frames.json"
SEEDS = (6, 7, 8)
DRAWS = 200


@dataclasses.dataclass(frozen=True)
class Answers:
    """Of one network on the videos held out.

    Attributes:
      scores: float32 `[videos, classes]`, sigmoids.
      labels: `[videos, classes]` 0 or 1.
      frequency: `[classes]`, training videos of each.
    """

    scores: np.ndarray
    labels: np.ndarray
    frequency: np.ndarray


def trained(runs: Path, seed: int, row: str) -> tuple[Run, Dataset]:
    """The run of a row; trains what is missing, the teacher among it."""
    recipe, role = recipe_of(row, seed)
    teacher = (
        trained(runs, seed, teacher_of(row))[0] if role == STUDENT else None
    )
    recipe, dataset = ensure_records(recipe, None, str(runs / "records"))
    name = row.replace(", ", "-").replace(" = ", "").replace(" ", "-")
    run = Run(runs / f"seed{seed}-{name}")
    experiment = start_training(
        recipe, dataset, run, rows=(role,), teacher=teacher
    )
    train_missing(experiment, role)
    if not run.read_results():
        Table(experiment).add(score(experiment, role))
    return run, dataset


def answers_of(runs: Path, seed: int, row: str) -> Answers:
    """On the videos held out; see `Answers`."""
    run, dataset = trained(runs, seed, row)
    recipe, role = recipe_of(row, seed)
    network = load_checkpoint(run.folder, role)
    files = files_of(dataset, "validation")
    scores, labels = zip(
        *(
            (tf.sigmoid(network(inputs["features"], training=False)), label)
            for inputs, label in feature_batches(
                files,
                batch_size=64,
                training=False,
                sampling=recipe.frames_of(role),
            )
        ),
        strict=True,
    )
    result = np.concatenate(scores), np.concatenate(labels)
    return Answers(*result, _frequency(dataset))


def _frequency(dataset: Dataset) -> np.ndarray:
    data = feature_batches(
        files_of(dataset, "train"),
        batch_size=64,
        training=False,
        sampling=FrameSamplingRecipe(way="first", k=1),
    )
    return np.sum([label.numpy().sum(axis=0) for _, label in data], axis=0)


def measures(scores: np.ndarray, one: Answers, videos: np.ndarray) -> dict:
    """GAP and mAP of all classes, and of rare and frequent ones."""
    ranks = SubsetRanks(one.frequency, list(SIZES))
    ranks.add(scores[videos], one.labels[videos])
    found = {
        "gap": ranks.whole.gap(),
        "map": ranks.whole.mean_average_precision(),
    }
    for name, values in ranks.table().items():
        found |= {
            f"{name} {measure}": values[key]
            for measure, key in (
                ("GAP", "gap"),
                ("mAP", "map_of_all"),
                ("mAP, share", "share_of_all"),
            )
        }
    return found


def drawn(seeds: list[Answers]) -> dict[str, np.ndarray]:
    """The means over seeds of each of `measures`, first of all videos.

    Then of draws of seeds, and of videos of each: the same draws of any
    networks.
    """

    def mean(chosen: list[tuple[int, np.ndarray]]) -> dict:
        values = [
            measures(seeds[s].scores, seeds[s], videos) for s, videos in chosen
        ]
        return {key: np.mean([v[key] for v in values]) for key in values[0]}

    counts = [len(one.labels) for one in seeds]
    rng = np.random.default_rng(0)
    means = [mean([(s, np.arange(count)) for s, count in enumerate(counts)])]
    for _ in range(DRAWS):
        some = rng.integers(len(seeds), size=len(seeds))
        means.append(
            mean([(s, rng.integers(counts[s], size=counts[s])) for s in some])
        )
    return {key: np.array([m[key] for m in means]) for key in means[0]}


def with_intervals(own: dict, other: dict | None) -> dict:
    """Values with their 95 % intervals, and by how much they are above others.

    Args:
      own, other: of `drawn`; None: there are no others.
    """
    values = dict(own)
    if other is not None:
        values |= {f"{key} minus": own[key] - other[key] for key in own}
    return {
        key: {
            "value": float(all_[0]),
            "ci95": np.percentile(all_[1:], [2.5, 97.5]).tolist(),
        }
        for key, all_ in values.items()
    }


def cost_of(run: Run, row: str) -> dict:
    """Of one video: frames, multiply-adds, milliseconds of the network."""
    recipe, role = recipe_of(row, 0)
    frames = recipe.frames_of(role).seen
    network = load_checkpoint(run.folder, role)
    forward = compile_forward(network)
    video = tf.zeros([1, frames, CHANNELS["features"]]), tf.constant([frames])
    forward(video)
    return {
        "frames": frames,
        "multiply_adds": measure_cost(
            network, (frames, CHANNELS["features"])
        ).multiply_adds,
        "milliseconds": _milliseconds(lambda: forward(video)),
    }


def extraction() -> dict:
    """What a frame's features cost: ResNet-50 of a picture, and decoding.

    Decoding is of one second of a real video, all of its frames, for a frame
    cannot be had without those before it.
    """
    network = make_network(ResNetRecipe(model="tsn_r50"), 400, "frames")
    shape = (1, 224, 224, 3)
    forward = compile_forward(network.folded())
    forward(tf.zeros([1, *shape]))
    clip = CLIPS / "abseiling.mp4"

    def decode():
        options = {"frame_rate": 1.0, "short_side": 256, "max_seconds": 10.0}
        return read_video(clip, **options).frames

    seconds = len(decode())
    return {
        "multiply_adds": measure_cost(network, shape).multiply_adds,
        "milliseconds": _milliseconds(lambda: forward(tf.zeros([1, *shape]))),
        "decoding": _milliseconds(decode) / seconds,
    }


def _milliseconds(work: Callable[[], object], repeats: int = 9) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def main() -> None:
    """Trains what is missing, prints the tables, writes them into the page."""
    every = [*PAPER, *ENSEMBLES]
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=Path, default=Path("runs/fewer_frames"))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--rows", nargs="+", choices=every, default=every)
    given = parser.parse_args()
    for seed in given.seeds:
        for row in given.rows:
            trained(given.runs, seed, row)
            keras.backend.clear_session()

    @functools.cache
    def of_row(row: str) -> dict[str, np.ndarray]:
        return drawn([answers_of(given.runs, s, row) for s in given.seeds])

    results = saved(RESULTS)
    if results.get("seeds") != given.seeds:
        results = {"seeds": given.seeds, "rows": {}}
    results |= {"processor": processor.name(), "extraction": extraction()}
    for row in given.rows:
        other = without_teacher(row)
        run, _ = trained(given.runs, given.seeds[0], row)
        results["rows"][row] = {
            "measures": with_intervals(of_row(row), other and of_row(other)),
            "cost": cost_of(run, row),
        }
    if set(given.seeds) <= set(SEEDS):
        publish(RESULTS, results, PAGE, "fewer_frames", markdown)
    else:
        print(markdown(results))


if __name__ == "__main__":
    main()
