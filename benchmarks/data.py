"""Preparing, reading and waiting for data, on pieces of real videos.

`python -m benchmarks.data [VIDEO ...]` writes `results/data.json` and the pages
that are computed from it; see `preparation`, `reading`, `waiting` and `scale`.
Without videos it takes those beside the checkout.
"""

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks import input_wait, preparation, read_throughput, scale
from benchmarks.fill_docs import CLIPS, publish
from benchmarks.scale import PAGE, RESULTS
from d3d_tf import processor


def markdown(results: dict) -> str:
    """The measurements as docs/scale.md shows them."""
    lines = [
        "| clips of 64 x 224 x 224 | read by | clips per second | processor "
        "time per clip, ms |",
        "|---|---|---|---|",
    ]
    rows = results["reading"]
    for row in rows:
        lines.append(
            f"| {row['task']} | {row['name']} | "
            f"{row['clips_per_second']:.1f} | {row['cpu_ms_per_clip']:.0f} |"
        )
    lines.append("")
    for task in (read_throughput.EVALUATION, read_throughput.TRAINING):
        wall, spent = (
            read_throughput.times_garden(rows, task, key)
            for key in ("clips_per_second", "cpu_ms_per_clip")
        )
        lines.append(
            f"{task.capitalize()}: {wall:.2f} times the clips per second of "
            f"the Model Garden's parser, {spent:.2f} times by processor time."
        )
    if check := results.get("checking"):
        clip = next(r for r in rows if r["name"] == read_throughput.OURS)
        spent = (check["opening_us"] + check["reading_us"]) / 1000
        lines += [
            "",
            f"To compare a record with the manifest takes {spent:.3f} ms, "
            f"{100 * spent / clip['cpu_ms_per_clip']:.2f} % of reading a clip.",
        ]
    lines += [
        "",
        "| training the demo's | ms per step | waiting for data |",
        "|---|---|---|",
    ]
    for row in results["waiting"]:
        lines.append(
            f"| {row['name']} | {row['ms_per_step']:.0f} | "
            f"{100 * row['waiting']:.2f} % |"
        )
    made = results["preparation"]
    size = made["bytes_per_frame"]
    lines += [
        "",
        "| | frames per second per core |",
        "|---|---|",
        f"| decoding and resizing alone | {made['decode_fps_per_core']:.0f} |",
        "| preparation, with TV-L1 and both streams encoded | "
        f"{made['prepare_fps_per_core']:.1f} |",
        "",
        f"A stored frame is {size['rgb'] / 1e3:.1f} kB of RGB and "
        f"{size['flow'] / 1e3:.1f} kB of flow ({made['frames']} frames of "
        f"{made['videos']} pieces of video).",
        f"{results['cores']} cores of {results['processor']}; load before "
        f"it began: {results['load_before']}.",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument(
        "--pieces", type=int, default=preparation.cores(), help="of each video"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--steps", type=int, default=40)
    given = parser.parse_args(arguments)
    videos = given.videos or sorted(CLIPS.glob("*.*"))
    if not videos:
        parser.error(f"name some videos; there are none in {CLIPS}")
    results = {
        "processor": processor.name(),
        "cores": preparation.cores(),
        "load_before": round(os.getloadavg()[0], 1),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listing = preparation.pieces(videos, given.pieces)
        print("preparing", flush=True)
        results["preparation"] = preparation.measure(listing, folder)
        print("reading", flush=True)
        results["reading"] = read_throughput.measure(
            listing, folder / "records", rounds=given.rounds, clips=given.clips
        )
        results["checking"] = read_throughput.checking(folder / "records")
        print("waiting", flush=True)
        results["waiting"] = input_wait.measure(folder, steps=given.steps)
    publish(RESULTS, results, PAGE, "measured", markdown)
    scale.main([])


if __name__ == "__main__":
    main()
