"""The command line on disks that fill up or are read-only, twice at once.

Real processes on real small file systems. Each ends in one line; with room, or
when it is alone, the same command ends as if nothing had happened.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from d3d_tf.locks import FILE
from tests.no_locks import require_seccomp, without_locks
from tests.toy_run import SETTINGS

pytestmark = pytest.mark.large
ROOT = Path(__file__).resolve().parents[3]
SETS = [f"--set={setting}" for setting in SETTINGS]
AT_WORK = "error: Another process works in "


def start(
    *flags, cwd: Path, clock: int = 0, locks: bool = True
) -> subprocess.Popen:
    """Starts the command line.

    Args:
      flags: of it.
      cwd: where.
      clock: seconds by which the machine's clock is wrong.
      locks: whether files can be locked.
    """
    wrong = (
        "import sys, time\n"
        "right = time.time\n"
        f"time.time = lambda: right() + {clock}\n"
        "from d3d_tf.main import console\n"
        "console()"
    )
    command = (sys.executable, "-c", wrong, *map(str, flags))
    return subprocess.Popen(
        command if locks else without_locks(*command),
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process: subprocess.Popen) -> tuple[int, str]:
    """The exit status, and the last line of the screen if it failed.

    There is no trace, and nothing after the line of the error.
    """
    screen, _ = process.communicate(timeout=600)
    lines = screen.replace("\r", "\n").strip().splitlines()
    assert "Traceback (most recent" not in screen
    if not process.returncode:
        return 0, screen
    errors = [line for line in lines if line.startswith("error: ")]
    assert errors == lines[-1:], screen
    return process.returncode, lines[-1]


def distill(records: Path, run: Path) -> list:
    data, folder = f"--data={records}", f"--run_dir={run}"
    return ["--mode=distill", "--recipe=toy", data, folder, *SETS]


def content(run: Path) -> dict:
    """What a run found out, but for what a clock measured."""
    metrics = json.loads((run / "results.json").read_text())["metrics"]
    found = {k: v for k, v in metrics.items() if "ms_per_video" not in k}
    for history in run.glob("checkpoints/*/history.csv"):
        found[history.parent.name] = history.read_text()
    found["files"] = sorted(
        str(path.relative_to(run))
        for path in run.rglob("*")
        if path.is_file() and "tensorboard" not in path.parts
    )
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Records and a run that nothing disturbed, in one folder."""
    folder = tmp_path_factory.mktemp("alone")
    flags = [f"--records_dir={folder / 'records'}", "--recipe=toy", *SETS]
    code, screen = end(start("--mode=prepare", *flags, cwd=folder))
    assert code == 0, screen
    (made,) = folder.glob("records/toy-*")
    code, screen = end(start(*distill(made, folder / "run"), cwd=folder))
    assert code == 0, screen
    return folder


@pytest.fixture
def records(alone) -> Path:
    return next(alone.glob("records/toy-*"))


@pytest.fixture
def copy(alone, tmp_path) -> Path:
    """The finished run, in a copy of one's own."""
    return Path(shutil.copytree(alone / "run", tmp_path / "run"))


def test_a_disk_that_is_full_again_and_again(
    alone, records, tmp_path, small_disk
):
    """Wherever it ends: run, checkpoints, curves, scores, module, report."""
    kilobytes, failed = 8, []
    disk = small_disk(f"size={kilobytes}k")
    while True:
        code, line = end(start(*distill(records, disk), cwd=tmp_path))
        if not code:
            break
        assert code == 1 and "No space left on device" in line, line
        assert f" {disk}" in line and "goes on from there." in line
        failed.append(line.split(" cannot be written")[0].rpartition("/")[2])
        kilobytes = int(kilobytes * 1.5)
        small_disk(f"remount,size={kilobytes}k")
    assert content(disk) == content(alone / "run")
    assert len({*failed}) >= 4, failed


def test_a_disk_that_is_full_while_a_run_is_looked_at(
    alone, copy, tmp_path, small_disk
):
    disk = small_disk("size=10m")
    shutil.copytree(copy, disk / "run")
    (disk / "rest").write_bytes(b"")
    before = content(disk / "run")
    with open(disk / "rest", "wb", buffering=0) as rest:
        with pytest.raises(OSError, match="No space"):
            while True:
                rest.write(bytes(4096))
    for mode, name in (
        ("evaluate", "results.json"),
        ("visualize", "report.html"),
    ):
        flags = [f"--mode={mode}", f"--checkpoint={disk / 'run'}"]
        code, line = end(start(*flags, cwd=tmp_path))
        assert code == 1 and "No space left on device" in line
        assert f"{disk}/run/{name}" in line or FILE in line
        assert content(disk / "run") == before
    (disk / "rest").unlink()
    for mode in ("evaluate", "visualize"):
        flags = [f"--mode={mode}", f"--checkpoint={disk / 'run'}"]
        assert end(start(*flags, cwd=tmp_path))[0] == 0
    assert content(disk / "run") == before


def test_a_run_on_a_read_only_disk(records, copy, tmp_path, small_disk):
    """It is read as ever; what would be written is refused by name."""
    disk = small_disk("size=20m")
    shutil.copytree(copy, disk / "run")
    shutil.copytree(copy, disk / "half")
    (disk / "half/checkpoints/student/finished.json").unlink()
    shutil.rmtree(disk / "run/export")
    (disk / "run/export").mkdir()
    small_disk("remount,ro")
    run, closed = f"--checkpoint={disk / 'run'}", "Read-only file system"
    for flags, words in (
        (["--mode=evaluate", run], f"{disk}/run/results.json cannot be used"),
        (["--mode=visualize", run], f"{disk}/run/report.html cannot be used"),
        (["--mode=export", run], f"{disk}/run/export"),
        (distill(records, disk / "half"), "no folder that you may write in"),
    ):
        code, line = end(start(*flags, cwd=tmp_path))
        assert code in (1, 2) and words in line, line
        assert closed in line or code == 2
    small_disk("remount,rw")
    flags = distill(records, disk / "half")
    assert end(start(*flags, cwd=tmp_path))[0] == 0
    assert content(disk / "half") == content(copy)


@pytest.mark.parametrize("locks", [True, False])
def test_the_main_job_twice_at_once(alone, records, tmp_path, locks):
    """One of them is refused at once, the other one is not disturbed."""
    if not locks:
        require_seccomp()
    run = tmp_path / "run"
    answers = [
        end(process)
        for process in [
            start(*distill(records, run), cwd=tmp_path, locks=locks)
            for _ in range(2)
        ]
    ]
    refused, done = sorted(answers, reverse=True)
    assert refused[0] == 1 and refused[1].startswith(f"{AT_WORK}{run}: ")
    assert done[0] == 0
    assert content(run) == content(alone / "run")


def test_other_modes_while_the_main_job_works(alone, records, tmp_path):
    """What writes results is refused, what only reads is not."""
    run = tmp_path / "run"
    shutil.copytree(alone / "run", run)
    shutil.rmtree(run / "checkpoints/student")
    shutil.rmtree(run / "export")
    process = start(*distill(records, run), cwd=tmp_path)
    while not (run / FILE).exists():
        assert process.poll() is None
        time.sleep(0.05)
    flags = f"--checkpoint={run}"
    code, line = end(start("--mode=evaluate", flags, cwd=tmp_path))
    assert code == 1 and line.startswith(f"{AT_WORK}{run}: ")
    assert "--out=RESULTS.json" in line
    code, line = end(start("--mode=export", flags, cwd=tmp_path))
    assert code == 0 or "has no finished" in line, line
    assert end(process)[0] == 0
    assert content(run) == content(alone / "run")


def test_two_prepare_the_same_records(alone, tmp_path):
    flags = ["--mode=prepare", f"--records_dir={tmp_path}", "--recipe=toy"]
    both = [start(*flags, *SETS, cwd=tmp_path) for _ in range(2)]
    for process in both:
        assert end(process)[0] == 0
    (made,), (before,) = tmp_path.glob("toy-*"), alone.glob("records/toy-*")
    assert sorted(os.listdir(made)) == sorted(os.listdir(before))
    for shard in before.glob("*.tfrecord"):
        assert (made / shard.name).read_bytes() == shard.read_bytes()


def test_a_clock_that_jumps_back(alone, records, tmp_path):
    """A run is stopped in 2096 and goes on today; older checkpoints go."""
    run = tmp_path / "run"
    ahead = 70 * 365 * 86400
    process = start(*distill(records, run), cwd=tmp_path, clock=ahead)
    while not (run / "checkpoints/teacher/ckpt-2.index").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for path in run.rglob("*"):
        os.utime(path, (time.time() + ahead,) * 2)
    assert end(start(*distill(records, run), cwd=tmp_path))[0] == 0
    assert content(run) == content(alone / "run")
    results = json.loads((run / "results.json").read_text())
    assert 0 < results["wall_seconds"] < 600
