"""One version for each content, and nothing beside, whoever is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

from d3d_tf.atomic_files import unfinished_folder
from d3d_tf.hub_export.versions import MARK, newest_if, publish, tidy

KILLED = """
import os, pathlib, sys
from d3d_tf.atomic_files import unfinished_folder
from d3d_tf.hub_export.versions import publish
export = pathlib.Path(sys.argv[1])
with unfinished_folder(export) as folder:
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(os.urandom(50_000_000))
    publish(folder, export, "x")
"""


def fill(folder, content):
    folder.mkdir()
    (folder / MARK).touch()
    (folder / "module.json").write_text(json.dumps({"content": content}))


def publish_at_once(export, contents):
    """Of several threads, which wait for each other with finished folders."""
    barrier = threading.Barrier(len(contents))
    published = [None] * len(contents)

    def work(i, content):
        with unfinished_folder(export) as folder:
            fill(folder, content)
            barrier.wait()
            published[i] = publish(folder, export, content)

    threads = [
        threading.Thread(target=work, args=pair) for pair in enumerate(contents)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return published


def test_the_same_at_once_is_published_once(tmp_path):
    published = publish_at_once(tmp_path, ["a"] * 4)
    assert published == [tmp_path / "1"] * 4
    assert sorted(os.listdir(tmp_path)) == ["1", "module-1.tar.gz"]


def test_others_at_once_get_a_version_each(tmp_path):
    published = publish_at_once(tmp_path, ["a", "b"])
    assert {path.name for path in published} == {"1", "2"}
    for path, content in zip(published, "ab", strict=True):
        told = json.loads((path / "module.json").read_text())
        assert told == {"content": content}
    assert newest_if(tmp_path, "c") is None


def test_what_a_killed_export_left_goes(tmp_path):
    """Killed while it packs 50 MB; then an archive without its version."""
    export = tmp_path / "export"
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(export)])
    while child.poll() is None and not list(export.glob("module-1.tar.gz.*")):
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    # The folder, half an archive, and the file by which it was locked.
    assert len(os.listdir(export)) == 3
    (export / "module-1.tar.gz").write_text("killed before the renaming")
    tidy(export)
    assert os.listdir(export) == []


def test_older_archives_and_other_files_are_kept(tmp_path):
    """The folder of an old version may be removed without its archive."""
    kept = {"9", "module-1.tar.gz", "module-9.tar.gz", "module-x.tar.gz"}
    (tmp_path / "9").mkdir()
    for name in [*kept, "module-10.tar.gz", "module-9.tar.gz.tmp-host-1-a"]:
        (tmp_path / name).exists() or (tmp_path / name).touch()
    tidy(tmp_path)
    assert set(os.listdir(tmp_path)) == kept
    tidy(tmp_path / "none")
