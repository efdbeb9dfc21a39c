"""Preparation by one and by two Dask workers, beside the local engine.

`python -m benchmarks.cluster [VIDEO ...]` writes `results/cluster.json` and a
table into docs/scale.md. Each worker is a process of one thread. Larger
clusters are computed, from one worker's rate.
"""

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.fill_docs import CLIPS, HERE, publish
from benchmarks.preparation import cores, pieces
from benchmarks.scale import FRAME_RATE, PAGE, SECONDS, VIDEOS
from d3d_tf import processor
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.dask_cluster import checked
from d3d_tf.tfrecords.listing import Listing
from d3d_tf.tfrecords.prepare import local_beam_args, prepare

RESULTS = HERE / "results" / "cluster.json"
SHARDS_PER_WORKER = 16
KINETICS = "Kinetics-400"


@contextmanager
def engine(name: str, workers: int, folder: Path) -> Iterator[list[str]]:
    """Beam's flags for so many workers, while these are there."""
    if name == "local":
        yield [*local_beam_args(), f"--direct_num_workers={workers}"]
        return
    from distributed import LocalCluster  # The card lane has it.

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        silence_logs=logging.ERROR,
    ) as cluster:
        address = f"--dask_client_address={cluster.scheduler_address}"
        yield checked(["--runner=dask", address], str(folder), []) or []


def turn(name: str, workers: int, listing: Listing, folder: Path) -> dict:
    """Prepares once: frames per second, and every file of the records."""
    # As many for every worker, so that all have work to the end.
    data, flow = DataRecipe(num_shards=len(listing.sources)), FlowRecipe()
    short = DataRecipe(num_shards=len(listing.sources), max_seconds=0.2)
    with engine(name, workers, folder) as flags:
        given = {"flow": flow, "beam_args": flags, "show": False}
        # Starts the children and the compiler.
        prepare(listing, folder / "start", data=short, **given)
        begin = time.perf_counter()
        info = prepare(listing, folder / "records", data=data, **given)
        seconds = time.perf_counter() - begin
    files = {f.name: f.read_bytes() for f in (folder / "records").iterdir()}
    frames = info["frames"]["sum"]
    return {
        "fps": frames / seconds,
        "bytes_per_frame": info["num_bytes"] / frames,
        "files": files,
    }


def measure(listing: Listing, rounds: int) -> dict:
    """A row for each engine and number of workers: the median of the rounds.

    Raises:
      RuntimeError: two turns have written other bytes.
    """
    cases = [(e, n) for e in ("local", "dask") for n in (1, 2)]
    rates: dict[tuple[str, int], list[float]] = {case: [] for case in cases}
    first: dict[str, bytes] = {}
    for number in range(rounds):
        for case in cases[::-1] if number % 2 else cases:
            with tempfile.TemporaryDirectory() as folder:
                done = turn(*case, listing, Path(folder))
            first = first or done["files"]
            if done["files"] != first:
                raise RuntimeError(f"{case} has written other bytes.")
            rates[case].append(done["fps"])
            print(*case, f"{done['fps']:.2f} frames/s", flush=True)
    return {
        "videos": len(listing.sources),
        "bytes_per_frame": done["bytes_per_frame"],
        "rows": [
            {"engine": e, "workers": n, "fps": statistics.median(r), "all": r}
            for (e, n), r in rates.items()
        ],
    }


def hours(workers: int, fps: float) -> tuple[float, float]:
    """Hours for Kinetics: all workers busy to the end, and at most.

    At most: a worker takes the last shard when the others have no work left
    (Graham 1966, "Bounds for Certain Multiprocessing Anomalies").
    """
    whole = VIDEOS[KINETICS] * SECONDS * FRAME_RATE / fps / 3600
    shard = whole / (SHARDS_PER_WORKER * workers)
    return whole / workers, whole / workers + (1 - 1 / workers) * shard


def markdown(results: dict) -> str:
    """The measurements and what follows from them, as docs/scale.md has it."""
    rates = {(r["engine"], r["workers"]): r["fps"] for r in results["rows"]}
    lines = [
        "| | workers | frames per second | times one worker |",
        "|---|---|---|---|",
    ]
    for (name, workers), fps in rates.items():
        lines.append(
            f"| {'Dask' if name == 'dask' else 'local engine'} | {workers} | "
            f"{fps:.1f} | {fps / rates[name, 1]:.2f} |"
        )
    lines += [
        "",
        f"{results['videos']} pieces of video, a shard each, by "
        f"{results['cores']} cores of {results['processor']}; median of "
        f"{results['rounds']} rounds. The bytes were the same in every turn.",
    ]
    if results["load_before"] > 1 or results["cores"] < 2:
        lines.append(
            "PRELIMINARY: others used the machine while it was measured (load "
            f"{results['load_before']}), or two workers shared a core."
        )
    one, size = rates["dask", 1], results["bytes_per_frame"]
    lines += [
        "",
        f"| {KINETICS}, computed | hours | at most | MB written per second |",
        "|---|---|---|---|",
    ]
    for workers in (1, 2, 16, 16 * 16):
        least, most = hours(workers, one)
        shown = f"16 x {workers // 16}" if workers > 16 else workers
        lines.append(
            f"| {shown} workers | {least:,.0f} | {most:,.0f} | "
            f"{workers * one * size / 1e6:.1f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--pieces", type=int, default=2, help="of each video")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    videos = given.videos or sorted(CLIPS.glob("*.*"))
    if not videos:
        parser.error(f"name some videos; there are none in {CLIPS}")
    results: dict = {
        "processor": processor.name(),
        "cores": cores(),
        "load_before": round(os.getloadavg()[0], 1),
        "rounds": given.rounds,
    }
    listing = pieces(videos, given.pieces)
    results |= measure(listing, given.rounds)
    publish(RESULTS, results, PAGE, "cluster", markdown)


if __name__ == "__main__":
    main()
