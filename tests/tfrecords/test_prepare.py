"""Records are made once, by Beam, with the same bytes every time."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions

from d3d_tf import __version__
from d3d_tf.atomic_files import to_path
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.leftovers import temporary_name
from d3d_tf.tfrecords import example
from d3d_tf.tfrecords.listing import list_folder
from d3d_tf.tfrecords.prepare import (
    NAMESPACE,
    dataset_folder,
    local_beam_args,
    prepare,
    write_and_count,
)
from d3d_tf.tfrecords.shard_plan import plan_shards


def shard_rows(shard):
    """What the shard's part of the manifest tells of its videos."""
    return json.loads(Path(shard.part_path).read_text())["videos"]


def test_nothing_but_records_and_their_lists_is_in_the_folder(records):
    shards = records.shard_times()
    assert len(shards) == 4
    assert set(records.contents()) - set(shards) == {
        *(name + ".json" for name in shards),
        "manifest.json",
        "label_map.txt",
        "dataset.json",
        "plan.json",
        "quarantine.csv",
    }


def test_a_second_run_redoes_nothing(records):
    contents, times = records.contents(), records.shard_times()
    records.prepare()
    assert records.shard_times() == times
    assert records.contents() == contents


def test_two_runs_give_the_same_bytes(records):
    """Whatever the number of workers and the order in which they end."""
    before = records.contents()
    shutil.rmtree(records.folder)
    records.prepare(
        beam_args=["--runner=DirectRunner", "--direct_num_workers=1"]
    )
    assert records.contents() == before


def test_another_runner_gives_the_same_bytes(records):
    """Beam's portable one: the pipeline goes, serialised, to a job server."""
    before = records.contents()
    shutil.rmtree(records.folder)
    records.prepare(
        beam_args=[
            "--runner=PortableRunner",
            "--job_endpoint=embed",
            "--environment_type=LOOPBACK",
        ]
    )
    assert records.contents() == before


def test_half_a_shard_is_made_again_and_no_other(records):
    contents, times = records.contents(), records.shard_times()
    *_, shard = records.shards()
    path = Path(shard.path)
    path.write_bytes(contents[path.name][:-100])
    # And what a killed worker left behind.
    Path(f"{shard.path}.tmp-12").write_bytes(contents[path.name][:100])
    records.prepare()
    after = records.shard_times()
    assert {n for n in times if after[n] != times[n]} == {path.name}
    left = records.contents()
    del left[f"{path.name}.tmp-12"]
    assert left == contents


def test_old_leavings_are_swept_and_fresh_ones_left_alone(records):
    """A fresh one may be another process's shard in the making."""
    old, fresh = (records.folder / f"x.tmp-{n}" for n in ("old", "fresh"))
    for path in (old, fresh):
        path.write_text("half")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    records.prepare()
    assert not old.exists()
    assert fresh.exists()


def test_a_clock_that_jumped_ahead_sweeps_no_living_worker(
    records, monkeypatch
):
    """Another machine's is fresh on the disk; one of here is old, and lives."""
    theirs = records.folder / "x.tmp-elsewhere-1-0123"
    mine = records.folder / temporary_name("x.tmp-")
    for path in (theirs, mine):
        path.write_text("half")
    os.utime(mine, (1000, 1000))
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + 7200)
    records.prepare()
    assert theirs.exists() and mine.exists()


def test_a_failing_worker_fails_the_job(records, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("of a worker")

    monkeypatch.setattr(example, "encode_example", broken)
    shard, *_ = records.shards()
    os.unlink(shard.path)
    with pytest.raises(Exception, match="of a worker"):
        records.prepare()
    assert not shard.finished()


def test_a_full_disk_is_the_last_line_and_more_room_goes_on(
    records, small_disk, capfd
):
    """Without Beam's traces; in the end the bytes are those of before."""
    size = sum(len(content) for content in records.contents().values())
    disk = small_disk(f"size={size // 2}")
    given = {"data": records.data, "flow": records.flow}
    folder = disk / "records"
    with pytest.raises(UserError) as caught:
        prepare(records.listing(), folder, **given)
    assert re.fullmatch(
        rf"{folder}/\S+.tfrecord cannot be written: No space left on device; "
        r"this shard needs about \d+ kB, .* are free. Make room; the same "
        r"command goes on from there. Unfinished shards: \d.",
        str(caught.value),
    )
    assert "Traceback" not in capfd.readouterr().err
    assert not list(folder.glob("*.tmp-*"))
    small_disk(f"remount,size={4 * size}")
    prepare(records.listing(), folder, show=False, **given)
    there = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert there == records.contents()


def test_progress_reaches_the_end(records, capfd):
    """A shard of three training videos, of which one is a text by now."""
    *_, shard = records.shards()
    Path(shard.sources[0].path).write_text("no video")
    frames = sum(part["frames"] for part in shard_rows(shard)[1:])
    records.prepare(show=True)
    screen = capfd.readouterr()
    assert "preparing records: 100%" in screen.err
    said = f"prepared 2 videos (1 more quarantined), {frames} frames in "
    assert said in screen.out
    assert " videos/s, " in screen.out


def test_a_finished_set_is_no_work_to_tell_of(records, capfd):
    records.prepare(show=True)
    assert "videos/s" not in capfd.readouterr().out


def test_the_runner_counts(records):
    """Beam's own metrics, which every runner shows, of two shards."""
    *_, first, second = records.shards()
    Path(first.sources[0].path).write_text("no video")
    frames = [row["frames"] for s in (first, second) for row in shard_rows(s)]
    Path(second.part_path).unlink()
    pipeline = beam.Pipeline(options=PipelineOptions(local_beam_args()))
    _ = pipeline | beam.Create([first, second]) | beam.Map(write_and_count)
    result = pipeline.run()
    result.wait_until_finish()
    asked = MetricsFilter().with_namespace(NAMESPACE)
    found = {
        counter.key.metric.name: counter.committed
        for counter in result.metrics().query(asked)["counters"]
    }
    assert found == {
        "videos": 6,
        "frames": sum(frames[1:]),
        "quarantined": 1,
    }


def test_a_finished_shard_stays(records):
    """Where a runner repeats what a worker did that it lost, as Dask does."""
    *_, shard = records.shards()
    before = records.shard_times()
    assert write_and_count(shard) == shard.path
    assert records.shard_times() == before


def test_a_worker_of_another_version_refuses(records):
    *_, shard = records.shards()
    Path(shard.part_path).unlink()
    with pytest.raises(UserError) as caught:
        write_and_count(shard, "0.1.9")
    assert re.fullmatch(
        rf"The worker on \S+ has d3d_tf {__version__}, and the process that "
        "prepares 0.1.9: install the same on every machine.",
        str(caught.value),
    )
    assert not shard.finished()


def test_the_same_folder_named_otherwise_is_the_same(records):
    """`--data=videos` yesterday, `--data=/home/me/videos` today."""
    before = records.shard_times()
    listing = list_folder(Path("videos").resolve(), test_share=0.25)
    prepare(
        listing,
        records.folder,
        data=records.data,
        flow=records.flow,
        show=False,
    )
    assert records.shard_times() == before


def test_shards_that_no_one_reads_are_removed(records):
    for path in Path("videos").rglob("[123].mp4"):
        path.unlink()
    info = records.prepare()
    assert set(records.shard_times()) == set(info["shards"])


def test_the_folder_tells_data_recipes_and_origins_apart(tmp_path):
    data, flow = DataRecipe(), FlowRecipe()
    folders = [
        dataset_folder(tmp_path, "ucf", *rest)
        for rest in (
            (data, flow, "/videos"),
            (DataRecipe(short_side=33), flow, "/videos"),
            (data, FlowRecipe(saturation=19.0), "/videos"),
            (data, flow, "/other/videos"),
        )
    ]
    again = dataset_folder(tmp_path, "ucf", DataRecipe(), flow, "/videos")
    assert again == folders[0]
    assert len(set(folders)) == 4
    for path in folders:
        assert path.parent == tmp_path
        name, digest = path.name.rsplit("-", 1)
        assert name == "ucf"
        assert len(digest) == 8 and int(digest, 16) >= 0


KILLED = """
import pathlib
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.atomic_files import to_path
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.tfrecords.listing import list_folder
prepare(
    list_folder("videos", test_share=0.25),
    pathlib.Path("killed"),
    data=DataRecipe(short_side=64, num_shards=4),
    flow=FlowRecipe(),
)
"""


@pytest.mark.large
def test_a_killed_job_goes_on_where_it_was(records):
    """Killed as soon as one shard is whole; that shard is kept.

    In the end the files are those of a job that was not killed.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED], stderr=subprocess.DEVNULL
    )
    folder = Path("killed")
    while child.poll() is None and not list(folder.glob("*.tfrecord.json")):
        time.sleep(0.02)
    child.kill()
    child.wait()
    recipes = {
        "data": DataRecipe(short_side=64, num_shards=4),
        "flow": FlowRecipe(),
    }
    plan = plan_shards(records.listing(), folder, **recipes)
    kept = {s.path: os.stat(s.path).st_mtime_ns for s in plan if s.finished()}
    assert 0 < len(kept) < len(plan)
    assert not (folder / "dataset.json").exists()
    info = prepare(records.listing(), folder, show=False, **recipes)
    assert info["num_videos"] == 8
    assert all(os.stat(p).st_mtime_ns == t for p, t in kept.items())
    whole = Path("whole")
    prepare(records.listing(), whole, show=False, **recipes)
    left = {path.name for path in folder.iterdir()}
    assert left == {path.name for path in whole.iterdir()}
    for name in left:
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.card
def test_records_in_an_object_store(records, s3):
    """The same bytes as on a disk; what has no mark is made again."""
    folder = to_path(f"{s3}/records/sports")
    given = {"data": records.data, "flow": records.flow, "show": False}

    def contents():
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    info = prepare(records.listing(), folder, **given)
    assert contents() == records.contents()
    assert info["num_videos"] == 8
    times = {path.name: path.stat().mtime for path in folder.iterdir()}
    marks = sorted(n for n in times if n.endswith(".tfrecord.json"))
    # As if the process had been killed between a shard and its mark.
    (folder / marks[0]).unlink()
    time.sleep(1.1)  # The store's times are whole seconds.
    prepare(records.listing(), folder, **given)
    assert contents() == records.contents()
    shards = [path for path in folder.iterdir() if path.suffix == ".tfrecord"]
    again = {p.name for p in shards if p.stat().mtime != times[p.name]}
    assert again == {marks[0].removesuffix(".json")}
