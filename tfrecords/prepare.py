"""Videos to records: a Beam pipeline over shards.

One element is one shard, because a shard is what appears whole or not at all:
a worker writes it under a temporary name, with its part of the manifest, and
renames both. Started again, the pipeline keeps every shard whose list of
videos has not changed; `plan.py` keeps the lists. The folder, `NAME-DIGEST8`,
is a function of the data set and of the recipe, so runs share it.
"""

import contextlib
import logging
import os
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

from d3d_tf import __version__
from d3d_tf.atomic_files import is_remote, to_path
from d3d_tf.config import DataRecipe, FlowRecipe, digest
from d3d_tf.disk import DiskError, refusal
from d3d_tf.errors import UserError
from d3d_tf.leftovers import is_here, sweep
from d3d_tf.screen import say
from d3d_tf.tfrecords.listing import Listing
from d3d_tf.tfrecords.manifest import write_manifest
from d3d_tf.tfrecords.same_content import without_recognised
from d3d_tf.tfrecords.shard_plan import plan_shards, save_plan
from d3d_tf.tfrecords.write_shard import Shard, write_shard

POLL_SECONDS = 0.5  # Between looks at which shards are finished.
NAMESPACE = "d3d_tf"  # Of the counters that a runner shows.


def dataset_folder(
    records_dir: str | Path,
    name: str,
    data: DataRecipe,
    flow: FlowRecipe,
    identity: str,
) -> Path:
    """`records_dir/NAME-DIGEST8`; `identity` tells apart sets of one name."""
    return to_path(records_dir) / f"{name}-{digest(data, flow, identity)[:8]}"


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
      beam_args: Beam's own pipeline flags; default: this machine, with a
        thread per core (decoding and flow leave Python's lock).
      show: draw a progress bar, and say at the end how fast it was.

    Returns:
      The content of `dataset.json`.

    Raises:
      UserError: no video could be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    shards = plan_shards(listing, folder, data=data, flow=flow)
    save_plan(folder, shards)
    unfinished = [shard for shard in shards if not shard.finished()]
    if todo := without_recognised(unfinished, show=show):
        _run(todo, beam_args or local_beam_args(), show=show)
    dataset = write_manifest(listing, folder, shards, data=data, flow=flow)
    _remove_old_shards(folder, shards)
    return dataset


def local_beam_args() -> list[str]:
    """Flags for this machine: threads, one per core."""
    # The engine of Beam's DirectRunner, by its own name: under that one Beam
    # first downloads another engine.
    engine = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
    return [
        f"--runner={engine}",
        "--direct_running_mode=multi_threading",
        f"--direct_num_workers={len(os.sched_getaffinity(0))}",
        "--default_sdk_harness_log_level=ERROR",
    ]


def write_and_count(shard: Shard, version: str = __version__) -> str:
    """`write_shard` in a Beam pipeline.

    The runner's page shows the counters `d3d_tf/videos`, `frames` and
    `quarantined`, video by video; Dask has none.

    Args:
      shard: what to do. A finished one stays: Dask repeats all that a worker
        did that it loses.
      version: of the process that prepares.

    Raises:
      UserError: this worker has another version.
    """
    if version != __version__:
        raise UserError(
            f"The worker on {socket.gethostname()} has d3d_tf {__version__}, "
            f"and the process that prepares {version}: install the same on "
            "every machine."
        )
    if shard.finished():
        return shard.path
    from apache_beam.metrics import Metrics

    return write_shard(
        shard,
        lambda name, number: Metrics.counter(NAMESPACE, name).inc(number),
    )


def _run(shards: list[Shard], beam_args: list[str], *, show: bool) -> None:
    """Writes the shards and shows how far they are.

    Raises:
      UserError, RuntimeError: what stopped a worker, or shards are missing.
    """
    run = _pipeline(shards, beam_args)
    failure: list[BaseException] = []

    def guarded():
        try:
            run()
        except BaseException as error:  # Raised below.
            failure.append(error)

    # A shard's files tell that it is finished, whatever runner wrote them.
    worker = threading.Thread(target=guarded, daemon=True)
    worker.start()
    begin = time.monotonic()
    done: Counter[str] = Counter()
    unfinished = len(shards)
    with tqdm(
        total=sum(len(shard.sources) for shard in shards),
        desc="preparing records",
        disable=not show,
        bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} videos "
        "[{elapsed}<{remaining}{postfix}]",
    ) as bar:
        for shard in _finished_ones(shards, worker):
            done.update(shard.counts())
            unfinished -= 1
            bar.update(len(shard.sources))
            bar.set_postfix_str(
                _speed(done, time.monotonic() - begin), refresh=False
            )
    if failure:
        raise _cause(failure[0], unfinished) from failure[0]
    if unfinished and (left := [s for s in shards if not s.finished()]):
        # As Dask's does without its scheduler, or where folders are not shared.
        raise UserError(
            f"The runner ended without an error, and {len(left)} of "
            f"{len(shards)} shards are missing, {left[0].path} first. See "
            "whether the cluster is alive and writes into this folder; the "
            "same command goes on from there."
        )
    good = done["videos"] - done["quarantined"]
    if show and good:
        seconds = time.monotonic() - begin
        say(
            f"prepared {good} videos ({done['quarantined']} more quarantined), "
            f"{done['frames']} frames in {seconds:.0f} s: "
            f"{_speed(done, seconds)}"
        )


def _pipeline(shards: list[Shard], beam_args: list[str]) -> Callable[[], None]:
    """The function that runs Beam's pipeline to its end."""
    # Beam warns, while it is imported, of cloud clients that nobody asked for.
    logging.disable(logging.WARNING)
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.worker import sdk_worker

    logging.disable(logging.NOTSET)
    # What fails in a worker is raised; it also prints the trace, maybe after
    # the last line that the user reads.
    sdk_worker.print = _unheard  # type: ignore[attr-defined]

    def run() -> None:
        pipeline = beam.Pipeline(options=PipelineOptions(beam_args))
        try:
            with pipeline:
                _ = (
                    pipeline
                    | "Shards" >> beam.Create(shards)
                    | "Spread" >> beam.Reshuffle()
                    | "Write" >> beam.Map(write_and_count, __version__)
                )
        finally:
            # Dask's; Beam leaves it open, and with it what a failure left.
            result = getattr(pipeline, "result", None)
            if client := getattr(result, "client", None):
                client.close()

    return run


def _finished_ones(
    shards: list[Shard], worker: threading.Thread
) -> Iterator[Shard]:
    """Yields each shard when its files are there, until the worker ends."""
    folder = to_path(shards[0].path).parent
    waiting = list(shards)
    alive = True
    while alive:
        worker.join(POLL_SECONDS)
        alive = worker.is_alive()
        names = {path.name for path in folder.iterdir()}
        parts = [s for s in waiting if to_path(s.part_path).name in names]
        for shard in [shard for shard in parts if shard.finished()]:
            waiting.remove(shard)
            yield shard


def _unheard(*_, **__) -> None:
    pass


def _cause(error: BaseException, unfinished: int) -> BaseException:
    """What stopped a worker, without the trace that runners make of it."""
    left = f"Unfinished shards: {unfinished}."
    if type(error).__module__.startswith("distributed."):
        return UserError(
            f"The Dask cluster gave up: {str(error).splitlines()[0]} {left} "
            "The same command goes on from there."
        )
    if isinstance(error, DiskError):
        return UserError(f"{error} {left}")
    lines = [line for line in str(error).splitlines() if line.strip()]
    if not lines or not lines[0].startswith("Traceback "):
        return error
    kind, _, text = lines[-1].partition(": ")
    text = text.partition(" [while running ")[0]
    if not kind.startswith("d3d_tf."):
        return RuntimeError(refusal(error) or f"{kind}: {text}")
    if kind.endswith(".DiskError"):
        text = f"{text} {left}"
    return UserError(text)


def _speed(done: Counter[str], seconds: float) -> str:
    return (
        f"{done['videos'] / seconds:.2g} videos/s, "
        f"{done['frames'] / seconds:.0f} frames/s"
    )


def _remove_old_shards(folder: Path, shards: list[Shard]) -> None:
    """Removes shards whose videos have all gone."""
    current = {shard.path for shard in shards}
    for path in folder.glob("*.tfrecord"):
        if str(path) not in current:
            path.unlink()
            path.with_name(path.name + ".json").unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Removes what an interrupted worker left half written.

    Of those of other machines nobody knows here whether they are alive: what is
    older than an hour goes, by the clock of the file system, as that of this
    machine may be wrong.
    """
    if is_remote(folder):
        return
    sweep(folder, "*.tmp-")
    with contextlib.suppress(OSError):  # Nothing depends on it.
        with tempfile.TemporaryFile(dir=folder) as file:
            now = os.fstat(file.fileno()).st_mtime
        for path in folder.glob("*.tmp-*"):
            if not is_here(path.name) and now - path.stat().st_mtime > 3600:
                path.unlink()
