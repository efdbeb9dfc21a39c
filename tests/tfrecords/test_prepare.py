"""Records appear whole or not at all, and are made once."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords import example
from d3d_tf.tfrecords.prepare import (
    dataset_folder,
    plan_shards,
    prepare,
    write_shard,
)
from d3d_tf.tfrecords.sources import Listing, Source, list_folder
from d3d_tf.tfrecords.video import write_video

DATA = DataRecipe(short_side=32, num_shards=2)
FLOW = FlowRecipe(warps=1, scales=1, outer_iterations=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two classes of four videos of 3..6 frames, and their records."""
    root = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    for name in ("jump", "wave"):
        (root / "videos" / name).mkdir(parents=True)
        for i in range(4):
            frames = rng.integers(0, 256, (3 + i, 32, 48, 3)).astype(np.uint8)
            write_video(root / "videos" / name / f"{i}.mp4", frames, 25)
    run(root)
    return root


@pytest.fixture
def root(made, tmp_path):
    """A copy of it for one test, times of change kept."""
    return shutil.copytree(made, tmp_path / "copy")


def listing_of(root):
    return list_folder(root / "videos", test_share=0.25)


def run(root, **changes):
    given = {"data": DATA, "flow": FLOW, "show": False} | changes
    listing = listing_of(root)
    # Where the videos lie is part of a record: as if they never moved.
    return prepare(listing, root / "records", **given)


def shards_of(root):
    return plan_shards(listing_of(root), root / "records", data=DATA, flow=FLOW)


def state(root):
    """`{name: (time of change, content)}` of the record folder."""
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted((root / "records").iterdir())
    }


def records(root):
    return {n: c for n, (_, c) in state(root).items() if n.endswith("record")}


def changed(before, after):
    """Shards that were written again; all files must be there still."""
    assert set(before) == set(after)
    return {
        n
        for n in before
        if n.endswith("record") and before[n][0] != after[n][0]
    }


def manifest(root):
    return json.loads((root / "records/manifest.json").read_text())


def ids(path):
    """The ids of the records in a shard, by TensorFlow's own reader."""
    found = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        context = tf.train.SequenceExample.FromString(record).context
        (id_,) = context.feature["example/id"].bytes_list.value
        found.append(id_.decode())
    return found


def test_every_video_is_in_the_shard_that_the_manifest_names(made):
    rows = manifest(made)
    assert [row["id"] for row in rows] == [
        f"{name}/{i}.mp4" for name in ("jump", "wave") for i in range(4)
    ]
    for row in rows:
        assert row["id"] in ids(made / "records" / row["shard"])
        assert row["shard"].startswith(row["split"])
        video = made / "videos" / row["id"]
        digest = hashlib.sha256(video.read_bytes()).hexdigest()
        assert row["sha256"] == digest
        assert row["frames"] == 3 + int(video.stem)
        assert row["label"] == ["jump", "wave"].index(video.parent.name)
        assert not row["trimmed"]


def test_dataset_json_by_hand(made):
    """Per class 3 + 4 + 5 + 6 = 18 frames; one of four videos held out."""
    info = json.loads((made / "records/dataset.json").read_text())
    assert info["name"] == "videos"
    assert info["num_videos"] == 8
    assert info["num_skipped"] == info["num_trimmed"] == 0
    assert info["splits"] == {"test": 2, "train": 6}
    assert info["frames"] == {"min": 3, "max": 6, "sum": 36}
    assert info["classes"] == ["jump", "wave"]
    assert info["shards"] == {
        "test-00000-of-00002.tfrecord": 1,
        "test-00001-of-00002.tfrecord": 1,
        "train-00000-of-00002.tfrecord": 3,
        "train-00001-of-00002.tfrecord": 3,
    }
    for name, count in info["shards"].items():
        assert len(ids(made / "records" / name)) == count
    stored = records(made)
    assert set(stored) == set(info["shards"])
    assert info["num_bytes"] == sum(len(c) for c in stored.values())
    labels = (made / "records/label_map.txt").read_text()
    assert labels == "jump\nwave\n"


def test_nothing_else_is_left_in_the_folder(made):
    names = set(state(made)) - set(records(made))
    parts = {name + ".json" for name in records(made)}
    others = {"manifest.json", "label_map.txt", "dataset.json"}
    assert names == parts | others


def test_a_second_run_redoes_nothing(root):
    before = state(root)
    first = json.loads(before["dataset.json"][1])
    assert run(root) == first
    after = state(root)
    assert changed(before, after) == set()
    assert {n: c for n, (_, c) in before.items()} == {
        n: c for n, (_, c) in after.items()
    }


def test_two_runs_give_the_same_bytes(root, made):
    """Whatever the number of workers and the order in which they end."""
    before = state(root)
    shutil.rmtree(root / "records")
    one_worker = ["--runner=DirectRunner", "--direct_num_workers=1"]
    run(root, beam_args=one_worker)
    after = state(root)
    for name in set(records(root)) | {"manifest.json", "dataset.json"}:
        assert after[name][1] == before[name][1]


def halve(shard):
    content = Path(shard.path).read_bytes()
    Path(shard.path).write_bytes(content[: len(content) // 2])


def lose_part(shard):
    os.unlink(shard.part_path)


def halve_part(shard):
    content = Path(shard.part_path).read_bytes()
    Path(shard.part_path).write_bytes(content[: len(content) // 2])


def lose_shard(shard):
    os.unlink(shard.path)


@pytest.mark.parametrize("damage", [halve, lose_part, halve_part, lose_shard])
def test_a_damaged_shard_is_made_again_and_no_other(root, damage):
    before = state(root)
    shard = shards_of(root)[2]
    assert shard.finished()
    damage(shard)
    assert not shard.finished()
    run(root)
    after = state(root)
    assert changed(before, after) == {Path(shard.path).name}
    for name, content in records(root).items():
        assert content == before[name][1]


@pytest.mark.xfail(strict=True, raises=KeyError, reason="`inputs` is expected")
def test_a_part_of_another_version_is_made_again(root):
    shard = shards_of(root)[0]
    Path(shard.part_path).write_text("{}")
    assert not shard.finished()


def test_an_interrupted_writer_leaves_no_shard(root, monkeypatch):
    shutil.rmtree(root / "records")
    (root / "records").mkdir()
    encode, calls = example.encode_example, []

    def interrupted(*args, **kwargs):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return encode(*args, **kwargs)

    monkeypatch.setattr(example, "encode_example", interrupted)
    shard = shards_of(root)[2]
    assert len(shard.sources) == 3
    with pytest.raises(KeyboardInterrupt):
        write_shard(shard)
    assert not shard.finished()
    (left,) = state(root)
    assert left.startswith(Path(shard.path).name + ".tmp-")
    assert run(root)["num_videos"] == 8


def test_old_leavings_are_swept_and_fresh_ones_left_alone(root):
    """A fresh one may be another process's shard in the making."""
    old, fresh = (root / "records" / f"x.tmp-{n}" for n in ("old", "fresh"))
    for path in (old, fresh):
        path.write_text("half")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    run(root)
    assert not old.exists()
    assert fresh.exists()


def test_a_failing_worker_fails_the_job(root, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("of a worker")

    monkeypatch.setattr(example, "encode_example", broken)
    shards_of(root)
    lose_part(shards_of(root)[0])
    with pytest.raises(Exception, match="of a worker"):
        run(root)
    assert not shards_of(root)[0].finished()


def test_a_bad_video_is_told_and_the_rest_stays(root):
    before = records(root)
    bad = root / "videos/jump/2.mp4"
    bad.write_bytes(bad.read_bytes()[:500])
    info = run(root)
    assert (info["num_videos"], info["num_skipped"]) == (7, 1)
    rows = {row["id"]: row for row in manifest(root)}
    assert len(rows) == 8
    assert "cannot be decoded" in rows["jump/2.mp4"]["skipped"]
    assert "shard" not in rows["jump/2.mp4"]
    assert [id_ for id_, row in rows.items() if "skipped" in row] == [
        "jump/2.mp4"
    ]
    stored = [i for name in records(root) for i in ids(root / "records" / name)]
    assert sorted(stored) == sorted(set(rows) - {"jump/2.mp4"})
    # Only its shard was made again.
    same = [records(root)[name] == content for name, content in before.items()]
    assert same.count(False) == 1


def test_without_a_good_video_the_job_fails_with_the_reasons(tmp_path):
    for name, content in (("a/1.mp4", "text"), ("b/2.mp4", "")):
        path = tmp_path / "videos" / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
    with pytest.raises(UserError, match="None of the 2 files") as caught:
        run(tmp_path)
    text = str(caught.value)
    assert "a/1.mp4: cannot be decoded" in text
    assert "b/2.mp4: empty file" in text
    assert "\n" not in text
    assert not (tmp_path / "records/dataset.json").exists()


def test_a_changed_video_changes_its_shard_and_the_digest(root):
    before, old = state(root), run(root)
    noise = np.random.default_rng(1).integers(0, 256, (4, 32, 48, 3))
    write_video(root / "videos/jump/1.mp4", noise.astype(np.uint8), 25)
    new = run(root)
    (shard,) = changed(before, state(root))
    assert "jump/1.mp4" in ids(root / "records" / shard)
    assert new["digest"] != old["digest"]


def test_an_added_video_is_found(root):
    shutil.copy(root / "videos/jump/0.mp4", root / "videos/jump/9.mp4")
    info = run(root)
    assert info["num_videos"] == 9
    for name, count in info["shards"].items():
        assert len(ids(root / "records" / name)) == count
    assert sum(info["shards"].values()) == 9


@pytest.mark.xfail(strict=True, reason="shards of an old count stay for ever")
def test_shards_that_no_one_reads_are_removed(root):
    for path in (root / "videos/wave").glob("[123].mp4"):
        path.unlink()
    for path in (root / "videos/jump").glob("[123].mp4"):
        path.unlink()
    info = run(root)
    assert set(records(root)) == set(info["shards"])


def test_trimmed_videos_are_counted(root):
    """0.16 s are 4 frames: the videos of 5 and 6 frames go on."""
    data = DataRecipe(short_side=32, num_shards=2, max_seconds=0.16)
    assert run(root, data=data)["num_trimmed"] == 4


@pytest.mark.parametrize(("saturation", "share"), [(1e4, 0.0), (1e-9, 1.0)])
def test_the_share_of_clipped_flow(root, saturation, share):
    """Noise moves everywhere by more than nothing and less than 10^4 px."""
    info = run(root, flow=FlowRecipe(warps=1, saturation=saturation))
    assert info["clipped_flow"] == pytest.approx(share, abs=0.05)


def test_progress_reaches_the_end(root, capfd):
    lose_part(shards_of(root)[2])
    run(root, show=True)
    assert "preparing records: 100%" in capfd.readouterr().err


def make_sources(count, split):
    return tuple(
        Source(f"{split}/{i}.mp4", f"/none/{i}.mp4", 0, "a", split)
        for i in range(count)
    )


@pytest.mark.parametrize(
    ("count", "num_shards", "sizes"),
    [(10, 4, [3, 3, 2, 2]), (3, 16, [1, 1, 1]), (16, 1, [16])],
)
def test_videos_are_dealt_evenly(count, num_shards, sizes):
    sources = make_sources(count, "train") + make_sources(1, "test")
    shards = plan_shards(
        Listing("x", ("a",), sources),
        Path("folder"),
        data=DataRecipe(num_shards=num_shards),
        flow=FLOW,
    )
    train = [s for s in shards if "/train-" in s.path]
    assert [len(s.sources) for s in train] == sizes
    assert [s.path for s in train] == [
        f"folder/train-{i:05d}-of-{len(sizes):05d}.tfrecord"
        for i in range(len(sizes))
    ]
    dealt = [source.id for shard in shards for source in shard.sources]
    assert sorted(dealt) == sorted(source.id for source in sources)
    assert len(shards) == len(train) + 1


def test_the_plan_does_not_depend_on_the_order_of_the_listing():
    sources = make_sources(20, "train")
    first, second = (
        plan_shards(
            Listing("x", ("a",), order), Path("f"), data=DATA, flow=FLOW
        )
        for order in (sources, sources[::-1])
    )
    assert first == second


def test_the_folder_tells_data_recipes_and_origins_apart(tmp_path):
    def folder(data=DATA, flow=FLOW, identity="/videos"):
        return dataset_folder(tmp_path, "ucf", data, flow, identity)

    folders = [
        folder(),
        folder(data=DataRecipe(short_side=33)),
        folder(flow=FlowRecipe(saturation=19.0)),
        folder(identity="/other/videos"),
    ]
    assert folder() == folders[0]
    assert len(set(folders)) == 4
    for path in folders:
        assert path.parent == tmp_path
        name, digest = path.name.rsplit("-", 1)
        assert name == "ucf"
        assert len(digest) == 8 and int(digest, 16) >= 0


KILLED = """
import sys
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.tfrecords.sources import list_folder
prepare(
    list_folder(sys.argv[1], test_share=0.25),
    __import__("pathlib").Path(sys.argv[2]),
    data=DataRecipe(short_side=256, num_shards=4),
    flow=FlowRecipe(),
)
"""


@pytest.mark.large
def test_a_killed_job_goes_on_where_it_was(root):
    """Killed as soon as one shard is whole; that shard is kept."""
    folder = root / "killed"
    command = [sys.executable, "-c", KILLED, root / "videos", folder]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while child.poll() is None and not list(folder.glob("*.tfrecord.json")):
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    data = DataRecipe(short_side=256, num_shards=4)
    plan = plan_shards(listing_of(root), folder, data=data, flow=FlowRecipe())
    kept = {s.path: os.stat(s.path).st_mtime_ns for s in plan if s.finished()}
    assert 0 < len(kept) < len(plan)
    assert not (folder / "dataset.json").exists()
    info = prepare(
        listing_of(root), folder, data=data, flow=FlowRecipe(), show=False
    )
    assert info["num_videos"] == 8
    assert all(os.stat(p).st_mtime_ns == t for p, t in kept.items())
