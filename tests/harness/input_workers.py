"""A dispatcher and input workers of tf.data service, in their own processes.

Their program is the one that docs/clusters.md gives to users.
"""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "clusters.md"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


class InputWorkers:
    """Processes that have ended when the context ends.

    Args:
      folder: for the program and what it says.
      count: of input workers.
      started: how many of them come at once; None: all.
    """

    def __init__(self, folder: Path, count: int, started: int | None = None):
        text = _PAGE.read_text()
        (program,) = re.findall(r"```python\n(import sys\n.*?)```", text, re.S)
        self._folder = folder
        (folder / "inputs.py").write_text(program)
        self._dispatcher = f"localhost:{free_port()}"
        self.service = f"grpc://{self._dispatcher}"
        self._places = [f"localhost:{free_port()}" for _ in range(count)]
        self._started = count if started is None else started
        self._processes: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> "InputWorkers":
        self.dispatch()
        for number in range(self._started):
            self.work(number)
        return self

    def __exit__(self, *_):
        for process in self._processes.values():
            process.kill()
            process.wait()

    def dispatch(self) -> None:
        """Starts the dispatcher; returns when it answers."""
        self._start("dispatcher", self._dispatcher, *self._places)
        host, _, port = self._dispatcher.rpartition(":")
        while self._processes[self._dispatcher].poll() is None:
            try:
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self._folder / "said.txt").read_text())

    def work(self, number: int) -> None:
        """Starts an input worker."""
        self._start("worker", self._places[number], self._dispatcher)

    def kill(self, number: int | None) -> None:
        """By SIGKILL; None: the dispatcher."""
        dispatcher = number is None
        place = self._dispatcher if dispatcher else self._places[number]
        process = self._processes.pop(place)
        process.kill()
        process.wait()

    def _start(self, *arguments: str) -> None:
        with open(self._folder / "said.txt", "a") as said:
            self._processes[arguments[1]] = subprocess.Popen(
                [sys.executable, "inputs.py", *arguments],
                cwd=self._folder,
                env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
                stdout=said,
                stderr=said,
            )
