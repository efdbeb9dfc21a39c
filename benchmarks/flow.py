"""Optical flow: speed and difference to OpenCV's TV-L1, and the roofline.

`python -m benchmarks.flow [VIDEO ...]` times every algorithm on the same pairs
of real frames, in turn and on one thread, and writes its table into
docs/flow.md. Without videos it takes those beside the checkout. On a processor
with AVX-512, OpenCV and our code are timed a second time, held to AVX2.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.fill_docs import CLIPS, HERE, publish
from benchmarks.flow_roofline import in_words, roofline
from d3d_tf.config import FlowRecipe
from d3d_tf.recipes import TOY
from d3d_tf.tfrecords.flow import to_grey, tvl1_flow
from d3d_tf.tfrecords.flow.opencv import import_optflow
from d3d_tf.tfrecords.toy_videos import make_clip
from d3d_tf.video.reading import frames_of

RESULTS = HERE / "results" / "flow.json"
PAGE = HERE.parent / "docs" / "flow.md"
SHORT_SIDE = 256
REFERENCE = FlowRecipe(backend="opencv")
PERTURBED = "opencv, input changed by 1e-7"
RECIPES = {
    "tvl1, cpu": FlowRecipe(),
    "tvl1, tensorflow": FlowRecipe(backend="tensorflow"),
    "dis": FlowRecipe(algorithm="dis"),
    "farneback": FlowRecipe(algorithm="farneback"),
}
# An environment in which numba, OpenCV and Intel's IPP in it use AVX2 at most.
HELD_TO_AVX2 = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "",
    "OPENCV_CPU_DISABLE": "AVX512-SKX",
    "OPENCV_IPP": "avx2",
}


def frames_every(video: Path, pairs: int) -> list[np.ndarray]:
    """`pairs` pairs of neighbouring frames, spread over a video."""
    frames = list(frames_of(video, SHORT_SIDE))
    places = np.linspace(0, len(frames) - 2, pairs + 2)[1:-1].astype(int)
    return [np.stack(frames[i : i + 2]) for i in places]


def opencv_of_nearly_the_same(frames: np.ndarray) -> np.ndarray:
    """The reference's flow after a change of its input by one part in 10^7.

    How far that is from its flow without the change is the closest that any
    other implementation can come, up to luck.
    """
    rng = np.random.default_rng(0)
    factors = 1 + 1e-7 * rng.standard_normal(frames.shape)
    solver = import_optflow().optflow.DualTVL1OpticalFlow_create()
    # OpenCV multiplies float images by 255.
    grey = np.clip(to_grey(frames) / 255 * factors[..., 0], 0, 1)
    return solver.calc(*grey.astype(np.float32), None)[None]


def compare(
    pairs: list[np.ndarray],
    recipes: dict[str, FlowRecipe] | None = None,
    rounds: int = 2,
) -> dict:
    """Per algorithm: seconds per pair and distance to the reference, px.

    Of each pair the fastest of some rounds counts, for every algorithm: other
    guests of a machine slow down now one, now the other.
    """
    others = recipes or RECIPES
    recipes = {"opencv": REFERENCE} | others
    rows: dict[str, dict] = {
        name: {"seconds": [], "error": []}
        for name in ["opencv", PERTURBED, *others]
    }
    for recipe in recipes.values():
        tvl1_flow(pairs[0], recipe)  # Compiles.
    for frames in pairs:
        start = time.thread_time()
        flows = {PERTURBED: opencv_of_nearly_the_same(frames)}
        spent = {PERTURBED: [time.thread_time() - start]}
        for name, recipe in rounds * [*recipes.items()]:
            # XLA works in threads of its own.
            clock = (
                time.process_time
                if recipe.backend == "tensorflow"
                else time.thread_time
            )
            start = clock()
            flows[name] = tvl1_flow(frames, recipe)
            spent.setdefault(name, []).append(clock() - start)
        for name, flow in flows.items():
            distance = np.linalg.norm(flow - flows["opencv"], axis=-1)
            rows[name]["error"].append(distance)
            rows[name]["seconds"].append(min(spent[name]))
    base = np.mean(rows["opencv"]["seconds"])
    table = {}
    for name, row in rows.items():
        errors = np.stack(row["error"])
        table[name] = {
            "ms_per_pair": 1000 * float(np.mean(row["seconds"])),
            "times_opencv": float(base / np.mean(row["seconds"])),
            "mean_px": float(errors.mean()),
            "p99_px": float(np.percentile(errors, 99)),
            "worst_pair_px": max(float(e.mean()) for e in errors),
        }
    return table


def held_to_avx2(videos: list[Path], pairs: int) -> dict:
    """The rows of OpenCV and of our code, by a process without AVX-512.

    Empty on a processor that has none.
    """
    import cv2

    if not cv2.checkHardwareSupport(256):  # CV_CPU_AVX512_SKX.
        return {}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.flow", "--held"]
        + [f"--pairs={pairs}", *map(str, videos)],
        env=os.environ | HELD_TO_AVX2,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def two_threads(frames: np.ndarray) -> float:
    """How many times faster two threads are, by the clock on the wall."""
    walls = []
    for threads in (1, 2, 1, 2):
        start = time.perf_counter()
        tvl1_flow(frames, threads=threads)
        walls.append(time.perf_counter() - start)
    return min(walls[0::2]) / min(walls[1::2])


def toy() -> dict:
    """The demo's clips, whose exact flow is known: ms per pair, error in px."""
    assert TOY.toy is not None
    size, length = TOY.toy.size, TOY.toy.num_frames
    clips = [
        make_clip(0, "train", index, size=size, num_frames=length)
        for index in range(16)
    ]
    found = {}
    for name, recipe in {"opencv": REFERENCE, "tvl1, cpu": TOY.flow}.items():
        tvl1_flow(clips[0].frames, recipe)
        errors, spent = [], 0.0
        for clip in clips:
            start = time.thread_time()
            flow = tvl1_flow(clip.frames, recipe)
            spent += time.thread_time() - start
            moving = np.abs(clip.flow).sum(axis=-1) > 0
            error = np.linalg.norm(flow - clip.flow, axis=-1)
            errors.append(error[moving].mean())
        found[name] = {
            "ms_per_pair": 1000 * spent / len(clips) / (length - 1),
            "error_on_patch_px": float(np.mean(errors)),
        }
    return found


def table_lines(videos: dict) -> list[str]:
    """Markdown's rows of what `compare` found for each video."""
    lines = [
        "| video | algorithm | ms per pair | times OpenCV's TV-L1 | mean "
        "difference, px | 99th percentile, px | mean of the worst pair, px |",
        "|---|---|---|---|---|---|---|",
    ]
    for video, table in videos.items():
        for name, row in table.items():
            lines.append(
                f"| {video} | {name} | {row['ms_per_pair']:.1f} | "
                f"{row['times_opencv']:.1f} | {row['mean_px']:.4f} | "
                f"{row['p99_px']:.3f} | {row['worst_pair_px']:.3f} |"
            )
    return lines


def markdown(results: dict) -> str:
    """The measurements as docs/flow.md shows them."""
    lines = table_lines(results["videos"])
    if results["held_to_avx2"]:
        held = " ".join(f"{key}={value}" for key, value in HELD_TO_AVX2.items())
        lines += [
            "",
            "The same videos in a process that is held to AVX2 (with the "
            f"environment `{held}`):",
            "",
            *table_lines(results["held_to_avx2"]),
        ]
    lines += [
        "",
        f"Two threads are {results['two_threads']:.2f} times as fast as one "
        f"({results['two_threads_video']}).",
        "",
        in_words(results["roofline"]),
        "",
    ]
    for name, row in results["toy"].items():
        lines.append(
            f"On the demo's 40 x 40 pixels {name} takes "
            f"{row['ms_per_pair']:.1f} ms per pair and is "
            f"{row['error_on_patch_px']:.3f} px from the exact flow of the "
            "patch."
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--held", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    videos = given.videos or sorted(CLIPS.glob("*.*"))
    if not videos:
        parser.error(f"name some videos; there are none in {CLIPS}")
    if given.held:
        recipes = {"tvl1, cpu": FlowRecipe()}
        print(
            json.dumps(
                {
                    video.name: compare(
                        frames_every(video, given.pairs), recipes
                    )
                    for video in videos
                }
            )
        )
        return
    last = list(frames_of(videos[-1], SHORT_SIDE))[:33]
    results = {
        "videos": {
            video.name: compare(frames_every(video, given.pairs))
            for video in videos
        },
        "held_to_avx2": held_to_avx2(videos, given.pairs),
        "two_threads": two_threads(np.stack(last)),
        "two_threads_video": videos[-1].name,
        "roofline": roofline(),
        "toy": toy(),
    }
    publish(RESULTS, results, PAGE, "measured", markdown)


if __name__ == "__main__":
    main()
