"""What killed processes left goes; what others are writing stays."""

import signal
import subprocess
import sys
from pathlib import Path

from d3d_tf.atomic_files import write_atomically
from d3d_tf.leftovers import is_here, is_left, sweep, temporary_name

WRITER = """
import sys
from d3d_tf.atomic_files import appearing
with appearing(sys.argv[1]) as name:
    open(name, "w").close()
    print(name, flush=True)
    sys.stdin.read()
"""


def writer(path) -> tuple[subprocess.Popen, Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, Path(process.stdout.readline().strip())


def test_the_next_one_who_writes_a_file_sweeps(tmp_path):
    """Of the same file, on this machine, and of the dead only."""
    path = tmp_path / "a[1].json"
    killed, left = writer(path)
    alive, used = writer(path)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    others = tmp_path / "a[1].json.tmp-elsewhere-1-0123"
    others.touch()
    assert left.exists() and used.exists()
    write_atomically(path, "x")
    assert set(tmp_path.iterdir()) == {path, used, others}
    alive.communicate("")
    assert set(tmp_path.iterdir()) == {path, others}


def test_whose_a_name_is():
    mine = temporary_name("a.tmp-")
    assert is_here(mine) and not is_left(mine)
    others = "a.tmp-elsewhere-1-0123"
    assert not is_here(others) and not is_left(others)


def test_a_pattern_sweeps_files_and_folders(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from d3d_tf.leftovers import temporary_name as name\n"
            "print(name('a.tmp-'), name('b.tmp-'))",
        ],
        capture_output=True,
        text=True,
    )
    file, folder = (tmp_path / name for name in done.stdout.split())
    file.touch()
    (folder / "inner").mkdir(parents=True)
    mine = tmp_path / temporary_name("c.tmp-")
    mine.touch()
    sweep(tmp_path, "*.tmp-")
    assert list(tmp_path.iterdir()) == [mine]
    sweep(tmp_path / "none", "*")
