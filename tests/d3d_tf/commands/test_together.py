"""Processes that train together, against one process of as many devices.

Really processes, which talk over the loopback.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.recipes import TOY
from d3d_tf.runs.folder import Run
from tests.harness import worker
from tests.harness.input_workers import InputWorkers, free_port
from tests.toy_run import SETTINGS

SET = [f"--set={setting}" for setting in SETTINGS]
PROGRAM = worker.__file__


class Job:
    """Workers of one command on this machine.

    Args:
      folder: for what they say.
      workers: how many.
      devices: of each.
      flags: of the command; or one list for each worker.
    """

    def __init__(self, folder: Path, workers: int, devices: int, *flags):
        ports = [free_port() for _ in range(workers)]
        self.places = [f"localhost:{port}" for port in ports]
        self.processes, self.logs = [], []
        for index in range(workers):
            task = {"type": "worker", "index": index}
            cluster = {"cluster": {"worker": self.places}, "task": task}
            own = flags[index] if isinstance(flags[0], list) else flags
            self.logs.append(folder / f"worker{index}.txt")
            with open(self.logs[-1], "w") as log:
                process = subprocess.Popen(
                    [sys.executable, PROGRAM, str(devices), *map(str, own)],
                    env=os.environ
                    | {"TF_CONFIG": json.dumps(cluster), "TMPDIR": str(folder)},
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                )
            self.processes.append(process)

    def codes(self) -> list[int]:
        """The exit codes, when all have ended."""
        return [process.wait(timeout=600) for process in self.processes]

    def said(self, index: int) -> str:
        """Everything on the screen of one."""
        return self.logs[index].read_text()

    def error(self, index: int) -> str:
        """The last line of one, an error."""
        (line,) = (
            line
            for line in self.said(index).splitlines()
            if line.startswith("error: ")
        )
        return line


def flags(mode: str, folder: Path, name: str, *more: str) -> list[str]:
    """Of a command whose run is called `name`."""
    return [
        f"--mode={mode}",
        *SET,
        f"--run_dir={folder / name}",
        f"--records_dir={folder / 'records'}",
        *more,
    ]


def networks(run: Path) -> dict[str, np.ndarray]:
    """All values of all checkpoints."""
    found = {}
    for index in sorted(run.glob("checkpoints/*/*.index")):
        reader = tf.train.load_checkpoint(str(index.with_suffix("")))
        for name in reader.get_variable_to_shape_map():
            value = reader.get_tensor(name)
            if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
                found[f"{index.relative_to(run)}/{name}"] = value
    assert found
    return found


def require_same_run(
    first: Path, second: Path, *, scored: float = 0.0, **tolerance: float
) -> None:
    """The same networks and scores; to the bit without tolerance."""
    one, other = networks(first), networks(second)
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_allclose(
            value,
            other[name],
            **{"rtol": 0, "atol": 0} | tolerance,
            err_msg=name,
        )
    for path in sorted(first.glob("scores/*.npz")):
        scores, others = np.load(path), np.load(second / "scores" / path.name)
        for name in scores:
            one, other = scores[name], others[name]
            if one.dtype.kind == "f":
                limits = {"rtol": scored, "atol": 0} | tolerance
                np.testing.assert_allclose(one, other, **limits)
            else:
                assert one.tolist() == other.tolist()


def require_same_curves(first: Path, second: Path) -> None:
    """Of trainings that nobody stopped."""
    for path in sorted(first.glob("checkpoints/*/history.csv")):
        other = second / path.relative_to(first)
        assert path.read_text() == other.read_text()


def files(run: Path) -> set[str]:
    """What lies in a run folder; curves are called by time and machine."""
    return {
        str(path.relative_to(run)).partition(".tfevents")[0]
        for path in run.rglob("*")
    }


@pytest.mark.large
def test_two_processes_do_what_two_devices_do(tmp_path):
    """To the bit: each sum is one of two."""
    together = Job(tmp_path, 2, 1, *flags("train", tmp_path, "two"))
    assert together.codes() == [0, 0], together.said(0) + together.said(1)
    alone = Job(tmp_path, 1, 2, *flags("train", tmp_path, "one"))
    assert alone.codes() == [0]
    require_same_run(tmp_path / "one", tmp_path / "two")
    require_same_curves(tmp_path / "one", tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    # The chief tells the story; the other one worked in a folder that is gone.
    assert "report: " in together.said(0)
    assert "report: " not in together.said(1)
    assert not [*tmp_path.glob("d3d_tf-worker-*")]
    results = Run(tmp_path / "two").read_results()
    assert "2 CPU replica" in results["protocol"]


def test_workers_of_different_commands(tmp_path):
    first = flags("train", tmp_path, "run")
    second = [*first, "--set=seed=1"]
    job = Job(tmp_path, 2, 1, first, second)
    assert job.codes() == [1, 1]
    digests = [
        config.digest(config.override(TOY, [*SETTINGS])),
        config.digest(config.override(TOY, [*SETTINGS, "seed=1"])),
    ]
    for index in (0, 1):
        assert (
            f"error: worker {index} of 2 ({job.places[index]}): Worker 1 "
            f"({job.places[1]}) has the recipe (digest) {digests[1]}, and the "
            f"chief ({job.places[0]}) {digests[0]}: start all of them with the "
            "same command" in job.error(index)
        )
    assert not (tmp_path / "run").exists()


def test_a_worker_that_cannot_find_a_run(tmp_path):
    """It says so, and the chief does not wait for it."""
    first = flags("train", tmp_path, "run")
    job = Job(tmp_path, 2, 1, first, [*first, "--init=nowhere"])
    assert job.codes() == [1, 2]
    assert "worker 1 of 2" in job.error(1) and "nowhere" in job.error(1)
    assert (
        f"error: worker 0 of 2 ({job.places[0]}): another worker "
        f"({job.places[1]}) ended or cannot be reached" in job.error(0)
    )


@pytest.mark.large
def test_distillation_evaluation_and_finetuning(tmp_path):
    """Teacher, baseline, student, table, module; then the student goes on."""
    runs = {}
    for name, workers, devices in (("two", 2, 1), ("one", 1, 2)):
        runs[name] = tmp_path / name / "run"
        (tmp_path / name).mkdir()
        start = f"--checkpoint={runs[name]}"
        for command in (
            flags("distill", tmp_path / name, "run", "--set=cached_views=2"),
            ["--mode=evaluate", start, "--set=evaluation.clips=2"],
            flags("finetune", tmp_path / name, "tuned", start),
        ):
            job = Job(tmp_path / name, workers, devices, *command)
            assert job.codes() == [0] * workers, job.said(0)
    require_same_run(runs["one"], runs["two"])
    require_same_curves(runs["one"], runs["two"])
    require_same_run(tmp_path / "one" / "tuned", tmp_path / "two" / "tuned")
    assert files(runs["one"]) == files(runs["two"])


@pytest.mark.large
def test_two_processes_of_two_devices(tmp_path):
    """Four summands, which are added in another order."""
    more = (
        "train.batch_size=8",
        "train.accumulate=2",
        "train.average=0.5",
        "train.held_out=0.5",
        "train.keep_best=true",
        "evaluation.precise_batch_norm=2",
    )
    settings = [f"--set={setting}" for setting in more]
    for name, workers, devices in (("two", 2, 2), ("one", 1, 4)):
        command = flags("train", tmp_path, name, "--set=stream=rgb", *settings)
        job = Job(tmp_path, workers, devices, *command)
        assert job.codes() == [0] * workers, job.said(0)
    require_same_run(tmp_path / "one", tmp_path / "two", rtol=1e-3, atol=1e-5)


@pytest.mark.large
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_that_is_stopped_and_started_again(tmp_path, number):
    """It ends as one that nobody stopped, to the bit."""
    steps = ["--set=train.steps=400", "--set=train.checkpoint_every=40"]
    whole = Job(tmp_path, 2, 1, *flags("train", tmp_path, "whole", *steps))
    assert whole.codes() == [0, 0]
    command = flags("train", tmp_path, "stopped", *steps)
    job = Job(tmp_path, 2, 1, *command)
    first = tmp_path / "stopped" / "checkpoints" / "teacher" / "ckpt-40.index"
    while not first.exists():
        assert job.processes[0].poll() is None, job.said(0)
        time.sleep(0.05)
    job.processes[1].send_signal(number)
    assert (
        job.codes()
        == {
            signal.SIGKILL: [1, -signal.SIGKILL],
            signal.SIGTERM: [128 + number] * 2,
        }[number]
    )
    assert not (tmp_path / "stopped" / "results.json").exists()
    again = Job(tmp_path, 2, 1, *command)
    assert again.codes() == [0, 0], again.said(0)
    require_same_run(tmp_path / "whole", tmp_path / "stopped")


@pytest.mark.large
def test_input_workers(tmp_path):
    """One process and two, distilled, of batches that three others make."""
    for name, workers, devices, served in (
        ("alone", 1, 2, False),
        ("one", 1, 2, True),
        ("two", 2, 1, True),
    ):
        folder = tmp_path / name
        folder.mkdir()
        command = flags("distill", folder, "run", "--set=cached_views=2")
        with InputWorkers(folder, 3) as inputs:
            more = [f"--set=data.service={inputs.service}"] if served else []
            job = Job(folder, workers, devices, *command, *more)
            assert job.codes() == [0] * workers, job.said(0)
        told = f"{inputs.service} make the batches: 3" in job.said(0)
        assert told == served
    for name in ("one", "two"):
        require_same_run(tmp_path / "alone" / "run", tmp_path / name / "run")
        require_same_curves(tmp_path / "alone" / "run", tmp_path / name / "run")
        for what in ("records", "run"):
            assert files(tmp_path / "alone" / what) == files(
                tmp_path / name / what
            )


@pytest.mark.large
def test_an_input_worker_that_is_killed(tmp_path):
    """Started again, it goes on; without it, so does the command alone."""
    steps = ["--set=train.steps=400", "--set=train.checkpoint_every=40"]
    whole = Job(tmp_path, 1, 1, *flags("train", tmp_path, "whole", *steps))
    assert whole.codes() == [0]
    command = flags("train", tmp_path, "run", *steps)
    with InputWorkers(tmp_path, 2) as inputs:
        job = Job(tmp_path, 1, 1, *command, f"--set=service={inputs.service}")
        saved = tmp_path / "run" / "checkpoints" / "teacher"
        while not (saved / "ckpt-40.index").exists():
            assert job.processes[0].poll() is None, job.said(0)
            time.sleep(0.05)
        inputs.kill(1)
        inputs.work(1)
        while not (saved / "ckpt-160.index").exists():
            assert job.processes[0].poll() is None, job.said(0)
            time.sleep(0.05)
        inputs.kill(0)
        time.sleep(5)
        assert job.processes[0].poll() is None
        job.processes[0].kill()
    again = Job(tmp_path, 1, 1, *command)
    assert again.codes() == [0], again.said(0)
    require_same_run(tmp_path / "whole", tmp_path / "run")


@pytest.mark.large
def test_no_dispatcher(tmp_path):
    address = f"grpc://localhost:{free_port()}"
    command = flags("train", tmp_path, "run", f"--set=service={address}")
    job = Job(tmp_path, 1, 1, *command)
    assert job.codes() == [1]
    assert job.error(0).startswith(
        f"error: data.service={address}: no dispatcher answers there"
    )


@pytest.mark.large
def test_networks_of_features(tmp_path):
    few = (
        *("toy.train_videos=40", "toy.test_videos=11", "train.steps=6"),
        *("train.batch_size=8", "train.checkpoint_every=3", "clusters=4"),
    )
    for name, workers, devices in (("two", 2, 1), ("one", 1, 2)):
        job = Job(
            tmp_path,
            workers,
            devices,
            "--mode=distill",
            "--recipe=toy_features",
            *(f"--set={setting}" for setting in few),
            f"--run_dir={tmp_path / name}",
            f"--records_dir={tmp_path / 'records'}",
        )
        assert job.codes() == [0] * workers, job.said(0)
    # A product of matrices has other last bits in batches of another size.
    require_same_run(tmp_path / "one", tmp_path / "two", scored=1e-6)
    require_same_curves(tmp_path / "one", tmp_path / "two")
