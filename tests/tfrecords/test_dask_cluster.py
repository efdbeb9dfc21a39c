"""Preparation by a scheduler and two workers, all of them real processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import d3d_tf
from d3d_tf.errors import UsageError, UserError
from d3d_tf.tfrecords.dask_cluster import RUNNER, checked
from d3d_tf.tfrecords.listing import list_folder
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.video.writing import write_video
from tests.dask_processes import end, running
from tests.harness import moving_texture

pytestmark = pytest.mark.card


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running(tmp_path_factory.mktemp("dask")) as cluster:
        cluster.add_workers(2)
        yield cluster


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.mark.parametrize(
    "flags", [None, [], ["--runner=FlinkRunner"], ["--runner", "DirectRunner"]]
)
def test_other_runners_flags_stay(flags):
    assert checked(flags, "nowhere", []) is flags
    assert not Path("nowhere").exists()


@pytest.mark.parametrize(
    "flags",
    [
        ["--runner=dask"],
        ["--runner", "DaskRunner"],
        [f"--runner={RUNNER}", "--dask_npartitions=3"],
    ],
)
def test_an_address_is_needed(flags):
    with pytest.raises(UsageError) as caught:
        checked(flags, "nowhere", [])
    assert str(caught.value) == (
        "--runner=dask needs --dask_client_address=tcp://HOST:8786, the "
        f"address of a scheduler; got {' '.join(flags)!r}. Start one with "
        "`dask scheduler`, and on each machine `dask worker tcp://HOST:8786`."
    )


def test_the_extra_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError) as caught:
        checked(["--runner=dask"], "nowhere", [])
    assert str(caught.value) == (
        "--runner=dask needs distributed: run `pip install 'd3d_tf[dask]'`."
    )


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:PORT", "127.0.0.1", "http://127.0.0.1:1", "no"]
)
def test_no_scheduler_answers(closed_port, address):
    """Soon, in one line, whatever is wrong with the address."""
    address = address.replace("PORT", str(closed_port))
    flags = ["--runner=dask", f"--dask_client_address={address}"]
    with pytest.raises(UserError) as caught:
        checked([*flags, "--dask_connection_timeout=1"], "nowhere", [])
    text = str(caught.value)
    assert text.startswith(f"No Dask scheduler answers at {address} (")
    assert "\n" not in text
    assert text.endswith("tcp://HOST:8786, as `dask scheduler` prints it.")


def test_another_program_answers():
    """Dask's own client waits for ever, also at the dashboard's port."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        flags = ["--runner=dask", f"--dask_client_address={address}"]
        with pytest.raises(UserError, match="what answers is not a scheduler"):
            checked([*flags, "--dask_connection_timeout=1"], "nowhere", [])


def test_a_scheduler_without_workers(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as empty:
        address = f"--dask_client_address={empty.scheduler_address}"
        with pytest.raises(UserError, match="has no workers: start them, on"):
            checked(["--runner=dask", address], str(tmp_path), [])


def test_a_shard_is_a_task(cluster, tmp_path):
    """Beam puts 128 into one, and one worker of a small cluster has all."""
    found = checked(cluster.flags, str(tmp_path), [])
    assert found == [
        *cluster.flags,
        f"--runner={RUNNER}",
        "--dask_partition_size=1",
    ]
    given = [*cluster.flags, "--dask_npartitions=3"]
    found = checked(given, str(tmp_path), [])
    assert found == [*given, f"--runner={RUNNER}"]
    assert not list(tmp_path.iterdir())


@pytest.mark.large
def test_the_same_bytes_as_the_local_engine(cluster, records, capfd):
    """Of a set in which a video is none; progress and speed are shown."""
    Path("videos/jump/2.mp4").write_text("no video")
    listing = list_folder(Path("videos").resolve(), test_share=0.25)
    given = {"data": records.data, "flow": records.flow}
    whole, folder = Path("whole"), Path("dask").resolve()
    prepare(listing, whole, show=False, **given)
    args = checked(cluster.flags, str(folder), [str(Path("videos").resolve())])
    info = prepare(listing, folder, beam_args=args, **given)
    there = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert there == {path.name: path.read_bytes() for path in whole.iterdir()}
    assert (info["num_videos"], info["num_skipped"]) == (7, 1)
    screen = capfd.readouterr()
    assert "preparing records: 100%" in screen.err
    assert "8/8 videos" in screen.err
    assert "prepared 7 videos (1 more quarantined), " in screen.out
    assert " videos/s, " in screen.out


@pytest.mark.parametrize("unseen", ["data", "records_dir"])
def test_a_folder_that_workers_do_not_see(
    cluster, tmp_path, monkeypatch, unseen
):
    """They run in another folder, and so see neither by a relative name."""
    monkeypatch.chdir(tmp_path)
    Path("here").mkdir()
    places = {"data": str(tmp_path), "records_dir": str(tmp_path)}
    places[unseen] = "here"
    with pytest.raises(UserError) as caught:
        checked(cluster.flags, places["records_dir"], [places["data"], None])
    text = str(caught.value)
    assert text.startswith("The Dask worker tcp://127.0.0.1:")
    assert " does not see here" in text and "absolute paths" in text
    assert not list(Path("here").iterdir())


def test_a_worker_of_another_version(cluster, tmp_path):
    """What pip would have installed there; it is named and did no work."""
    there = tmp_path / "d3d_tf-0.1.9.dist-info"
    there.mkdir()
    text = "Metadata-Version: 2.1\nName: d3d_tf\nVersion: 0.1.9\n"
    (there / "METADATA").write_text(text)
    before = set(cluster.client.scheduler_info(n_workers=-1)["workers"])
    worker = cluster.add_workers(1, PYTHONPATH=str(tmp_path))
    try:
        workers = cluster.client.scheduler_info(n_workers=-1)["workers"]
        (address,) = set(workers) - before
        with pytest.raises(UserError) as caught:
            checked(cluster.flags, str(tmp_path / "records"), [])
    finally:
        end(worker)
    assert str(caught.value) == (
        f"The Dask worker {address} has d3d_tf 0.1.9, and this process d3d_tf "
        f"{d3d_tf.__version__}: install the same on every machine, with `pip "
        "install 'd3d_tf[data,dask]'`."
    )
    assert not (tmp_path / "records").exists()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Twelve videos of a second: the local engine's command, output, files."""
    root = tmp_path_factory.mktemp("large")
    for name in ("jump", "wave"):
        (root / "videos" / name).mkdir(parents=True)
        for i in range(6):
            frames, _ = moving_texture(24, 96, 128, (1.0 + i, 0.5))
            write_video(root / "videos" / name / f"{i}.mp4", frames, 25)
    words = [sys.executable, "-m", "d3d_tf.main", "--mode=prepare"]
    words += [f"--data={root / 'videos'}", "--set=data.num_shards=4"]
    words.append(f"--records_dir={root / 'records'}")
    local = subprocess.run(words, capture_output=True, text=True, check=True)
    (folder,) = (root / "records").glob("videos-*")
    return words, local.stdout, contents(folder), folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def started(words: list[str]) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, text=True, **pipes)


def kill(folder: Path, job: subprocess.Popen, process: int = 0) -> None:
    """In the middle of a shard, when another one is finished.

    Args:
      folder: of the records.
      job: that makes them.
      process: to kill; without it the one that writes the shard.
    """
    while job.poll() is None:
        time.sleep(0.01)
        if not list(folder.glob("*.tfrecord.json")):
            continue
        for half in folder.glob("*.tfrecord.tmp-*"):
            writes = int(half.name.split("-")[-2])
            os.kill(writes, signal.SIGSTOP)
            if half.exists():
                os.kill(process or writes, signal.SIGKILL)
                if process:
                    os.kill(writes, signal.SIGCONT)
                return
            os.kill(writes, signal.SIGCONT)
    pytest.fail(f"the job ended before: {job.communicate()}")


@pytest.mark.large
def test_a_killed_worker(cluster, large):
    """As a user would see it; the bytes stay."""
    words, said, before, folder = large
    shutil.rmtree(folder)
    job = started([*words, "--", *cluster.flags])
    kill(folder, job)
    out, err = job.communicate(timeout=300)
    assert job.returncode == 0, err
    assert contents(folder) == before
    assert "12/12 videos" in err and "Traceback" not in err
    assert out.split(" in ")[0] == said.split(" in ")[0]


@pytest.mark.large
@pytest.mark.parametrize("killed", ["scheduler", "worker"])
def test_a_cluster_that_gives_up(large, tmp_path, monkeypatch, killed):
    """One line; then the same command goes on, here with the local engine.

    Dask gives up a shard with which a worker has died if it may do no more.
    """
    words, _, before, folder = large
    shutil.rmtree(folder, ignore_errors=True)
    failures = "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"
    monkeypatch.setenv(failures, "0" if killed == "worker" else "3")
    with running(tmp_path) as cluster:
        cluster.add_workers(2)
        job = started([*words, "--", *cluster.flags])
        process = 0 if killed == "worker" else cluster.scheduler.pid
        kill(folder, job, process)
        _, err = job.communicate(timeout=300)
    assert job.returncode == 1
    *_, last = err.strip().splitlines()
    assert last.startswith(
        "error: The Dask cluster gave up: Attempted to run task"
        if killed == "worker"
        else "error: The runner ended without an error, and "
    )
    assert "ame command goes on from there" in last
    assert "Traceback" not in err
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    subprocess.run(words, capture_output=True, check=True)
    assert contents(folder) == before
    marks = [path for path in kept if path.name.endswith(".tfrecord.json")]
    assert marks and all(p.stat().st_mtime_ns == kept[p] for p in marks)
