"""One process at a time in a folder, with locks of the kernel and without."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from d3d_tf import locks
from d3d_tf.errors import UserError
from d3d_tf.locks import FILE, locked
from tests.no_locks import require_seccomp, without_locks

HOLDER = """
import sys
from pathlib import Path
from d3d_tf.errors import UserError
from d3d_tf.locks import locked
try:
    with locked(Path(sys.argv[1]), busy="It is taken."):
        print("mine", flush=True)
        sys.stdin.read()
except UserError as error:
    print(error, flush=True)
"""
COUNTER = """
import sys, time
from pathlib import Path
from d3d_tf.locks import locked
folder = Path(sys.argv[1])
for _ in range(3):
    with locked(folder):
        count = int((folder / "count").read_text())
        time.sleep(0.02)
        (folder / "count").write_text(str(count + 1))
"""


@pytest.fixture(params=["locks", "no locks"])
def start(request):
    """`start(code, folder)`: a Python process, some of them without locks."""
    if request.param == "no locks":
        require_seccomp()
    processes = []

    def start(code, folder):
        command = (sys.executable, "-c", code, str(folder))
        if request.param == "no locks":
            command = without_locks(*command)
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_the_second_process_is_refused_and_a_killed_one_forgotten(
    tmp_path, start
):
    folder = tmp_path / "run"
    first = start(HOLDER, folder)
    assert first.stdout.readline() == "mine\n"
    second = start(HOLDER, folder)
    assert second.stdout.readline().startswith("It is taken.")
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert os.listdir(folder) == [FILE]
    third = start(HOLDER, folder)
    assert third.stdout.readline() == "mine\n"
    third.communicate("")
    assert os.listdir(folder) == []


def test_nobody_counts_at_the_same_time(tmp_path, start):
    (tmp_path / "count").write_text("0")
    for process in [start(COUNTER, tmp_path) for _ in range(3)]:
        process.wait()
    assert (tmp_path / "count").read_text() == "9"
    assert os.listdir(tmp_path) == ["count"]


def test_without_locks_a_process_of_another_machine_is_named(tmp_path):
    """Nobody here knows whether it runs; a person does."""
    require_seccomp()
    (tmp_path / FILE).write_text("node-7-4711-0123")
    done = subprocess.run(
        without_locks(sys.executable, "-c", HOLDER, str(tmp_path)),
        input="",
        capture_output=True,
        text=True,
    )
    assert done.stdout == (
        "It is taken. It is process 4711 of node-7; where that does not run "
        f"any more, remove {tmp_path / FILE}.\n"
    )
    # With locks, the file that nobody locks is a left one.
    with locked(tmp_path, busy="It is taken."):
        pass
    assert os.listdir(tmp_path) == []


def test_who_locks_a_folder_keeps_others_waiting(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(locks, "_PATIENCE", 0)
    done = []

    def other():
        with locked(tmp_path):
            done.append("other")

    with locked(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.3)
        done.append("first")
    thread.join()
    assert done == ["first", "other"]
    assert capsys.readouterr().out == (
        f"waiting for another process in {tmp_path}.\n"
    )
    assert not list(tmp_path.iterdir())


def test_who_does_not_wait_is_told(tmp_path):
    with locked(tmp_path):
        with (
            pytest.raises(UserError, match="^it is taken$"),
            locked(tmp_path, busy="it is taken"),
        ):
            pass
    with locked(tmp_path, busy="it is taken"):
        pass


def test_a_folder_in_which_nothing_was_written_goes_again(tmp_path):
    with locked(tmp_path / "a/b"):
        assert (tmp_path / "a/b").is_dir()
    assert os.listdir(tmp_path / "a") == []
    with locked(tmp_path / "a/b"):
        (tmp_path / "a/b/kept").touch()
    assert os.listdir(tmp_path / "a/b") == ["kept"]


def test_a_read_only_folder_is_not_locked(small_disk):
    """What is written there is refused by name."""
    small_disk("size=100k")
    disk = small_disk("remount,ro")
    with locked(disk, busy="it is taken"):
        assert os.listdir(disk) == []
