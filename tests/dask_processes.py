"""A Dask cluster as its users start one: `dask scheduler`, `dask worker`."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

DASK = [sys.executable, "-m", "dask"]


class Cluster:
    """A scheduler, and workers of one thread, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.folder = folder
        self._processes: list[subprocess.Popen] = []
        self.scheduler = self._start(
            ["scheduler", "--host=127.0.0.1", "--port=0"]
        )
        while not self.file.exists():
            assert self.scheduler.poll() is None, "no scheduler"
            time.sleep(0.05)
        import distributed  # The card lane has it.

        self.client = distributed.Client(
            scheduler_file=str(self.file), set_as_default=False
        )
        self.address = self.client.scheduler.address
        self.flags = ["--runner=dask", f"--dask_client_address={self.address}"]

    def add_workers(self, count: int, **environment: str) -> subprocess.Popen:
        """Their nannies' process; returns when they are there."""
        there = len(self.client.scheduler_info(n_workers=-1)["workers"])
        words = ["worker", f"--nworkers={count}", "--nthreads=1"]
        process = self._start([*words, "--host=127.0.0.1"], **environment)
        self.client.wait_for_workers(there + count, timeout=120)
        return process

    def _start(self, words: list[str], **environment: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [*DASK, *words, f"--scheduler-file={self.file}", "--no-dashboard"],
            cwd=self.folder,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        return process

    def close(self) -> None:
        """Ends all processes; a worker's nanny ends its worker."""
        self.client.close()
        for process in reversed(self._processes):
            end(process)


def end(process: subprocess.Popen) -> None:
    """As Ctrl-C does, and waits for it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.close()
