"""The manifest tells of every video where it is, or why it is not there."""

import csv
import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path

import av
import cv2
import numba
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe, FlowRecipe, digest, to_dict
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.classes import keep_readable_classes
from d3d_tf.tfrecords.listing import Source
from d3d_tf.tfrecords.manifest import count_files, write_manifest
from d3d_tf.tfrecords.write_shard import write_shard
from d3d_tf.video.writing import write_video


def again(records, listing=None, **changes):
    """Writes unfinished shards and the manifest, without Beam."""
    listing = listing or records.listing()
    shards = records.shards(listing)
    for shard in shards:
        if not shard.finished():
            write_shard(shard)
    given = {"data": records.data, "flow": records.flow} | changes
    return write_manifest(listing, records.folder, shards, **given)


def test_every_video_is_in_the_shard_that_the_manifest_names(records):
    rows = records.manifest()
    assert [row["id"] for row in rows] == [
        f"{name}/{i}.mp4" for name in ("jump", "wave") for i in range(4)
    ]
    for row in rows:
        assert row["id"] in records.ids(row["shard"])
        assert row["shard"].startswith(row["split"] + "-")
        video = Path("videos") / row["id"]
        assert row["path"] == str(video)
        digest = hashlib.sha256(video.read_bytes()).hexdigest()
        assert row["sha256"] == digest
        assert row["frames"] == 3 + int(video.stem)
        assert row["label"] == ["jump", "wave"].index(video.parent.name)
        assert row["trimmed"] is False


def test_dataset_json_by_hand(records):
    """Per class 3 + 4 + 5 + 6 = 18 frames; one of four videos held out."""
    info = json.loads((records.folder / "dataset.json").read_text())
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
    files = records.contents()
    for name, count in info["shards"].items():
        assert len(records.ids(name)) == count
    assert info["num_bytes"] == sum(len(files[n]) for n in info["shards"])
    assert files["label_map.txt"] == b"jump\nwave\n"


def test_dataset_json_tells_how_flow_was_made(records):
    """And the digest of that, which every record has too."""
    info = json.loads((records.folder / "dataset.json").read_text())
    assert info["recipe"] == {
        "data": to_dict(records.data),
        "flow": dataclasses.asdict(records.flow),
    }
    assert info["flow"] == {
        "flow": dataclasses.asdict(records.flow),
        "short_side": 32,
        "frame_rate": 25.0,
        "codec": "png-uint8-zero128-range127",
        "library": f"d3d_tf tvl1 3, numba {numba.__version__}",
    }
    assert info["flow_recipe"] == digest(info["flow"])
    assert info["versions"] == {
        "opencv": cv2.__version__,
        "av": av.__version__,
    }
    for name in info["shards"]:
        for record in tf.data.TFRecordDataset(str(records.folder / name)):
            context = tf.train.SequenceExample.FromString(
                record.numpy()
            ).context
            (stored,) = context.feature["d3d/flow_recipe"].bytes_list.value
            assert stored.decode() == info["flow_recipe"]


def test_libraries_of_two_versions_are_both_told(records):
    """One shard was made before an update, the others after it."""
    _, path, *_ = (Path(shard.part_path) for shard in records.shards())
    part = json.loads(path.read_text())
    path.write_text(json.dumps(part | {"flow_library": "an old solver"}))
    before = json.loads((records.folder / "dataset.json").read_text())
    info = again(records)
    usual = before["flow"]["library"]
    assert info["flow"]["library"] == f"an old solver and {usual}"
    assert info["flow_recipe"] != before["flow_recipe"]
    assert info["digest"] != before["digest"]


def test_a_bad_video_is_told_and_the_rest_stays(records):
    bad = Path("videos/jump/2.mp4")
    bad.write_bytes(bad.read_bytes()[:500])
    before = records.shard_times()
    info = again(records)
    assert (info["num_videos"], info["num_skipped"]) == (7, 1)
    rows = {row["id"]: row for row in records.manifest()}
    assert len(rows) == 8
    assert "cannot be decoded" in rows["jump/2.mp4"]["skipped"]
    assert "shard" not in rows["jump/2.mp4"]
    assert [i for i in rows if "skipped" in rows[i]] == ["jump/2.mp4"]
    stored = [i for shard in info["shards"] for i in records.ids(shard)]
    assert sorted(stored) == sorted(set(rows) - {"jump/2.mp4"})
    # Its shard was made again, and no other.
    after = records.shard_times()
    assert sum(after[name] != before[name] for name in before) == 1


def test_without_a_good_video_the_job_fails_with_the_reasons(records):
    shutil.rmtree("videos")
    shutil.rmtree("records")
    for name, content in (("a/1.mp4", "text"), ("b/2.mp4", "")):
        path = Path("videos") / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
    records.folder.mkdir()
    with pytest.raises(UserError, match="None of the 2 files") as caught:
        again(records)
    text = str(caught.value)
    assert "videos/a/1.mp4: cannot be decoded" in text
    assert "videos/b/2.mp4: empty file" in text
    assert "\n" not in text
    assert not (records.folder / "dataset.json").exists()


def test_the_digest_is_that_of_the_content_and_the_recipe(records):
    """Not of places, times or the number of files.

    Other videos, other names of classes, another flow: another digest.
    """
    digests = [again(records)["digest"]]
    for path in Path("videos").rglob("*.mp4"):
        os.utime(path)
    assert again(records)["digest"] == digests[0]
    for flow in (FlowRecipe(saturation=5.0), FlowRecipe(warps=4)):
        digests.append(again(records, flow=flow)["digest"])
    digests.append(again(records, data=DataRecipe(jpeg_quality=9))["digest"])
    noise = np.random.default_rng(1).integers(0, 256, (4, 32, 48, 3))
    write_video("videos/jump/1.mp4", noise.astype(np.uint8), 25)
    digests.append(again(records)["digest"])
    os.rename("videos/wave", "videos/zap")
    digests.append(again(records)["digest"])
    assert len(set(digests)) == len(digests)


def test_an_added_video_is_found(records):
    shutil.copy("videos/jump/0.mp4", "videos/jump/9.mp4")
    info = again(records)
    assert info["num_videos"] == sum(info["shards"].values()) == 9
    for name, count in info["shards"].items():
        assert len(records.ids(name)) == count


def test_every_file_left_out_is_one_line_of_the_quarantine(records):
    """And none of them keeps the others from becoming records."""
    folder = Path("videos/jump")
    (folder / "empty.mp4").touch()
    (folder / "text, with a comma.mp4").write_text("a note")
    os.mkfifo(folder / "pipe.mp4")
    whole = (folder / "3.mp4").read_bytes()
    (folder / "half.mp4").write_bytes(whole[: len(whole) // 2])
    info = again(records)
    with open(records.folder / "quarantine.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"]: row["reason"] for row in rows} == {
        "jump/empty.mp4": "empty file",
        "jump/half.mp4": "cannot be decoded: Invalid data found when "
        "processing input",
        "jump/pipe.mp4": "not a regular file (a pipe, socket or device)",
        "jump/text, with a comma.mp4": "cannot be decoded: Invalid data found "
        "when processing input",
    }
    assert rows[0]["path"] == "videos/jump/empty.mp4"
    assert (info["num_videos"], info["num_skipped"]) == (8, 4)
    assert info["listed"] == {} and info["notes"] == []
    assert info["files"] == {
        "found": 12,
        "used": 8,
        "quarantined": 4,
        "left_out": {},
    }
    assert not (records.folder / "missing.csv").exists()


def test_files_of_other_tools_systems_and_cameras_are_counted(records):
    """Of 8 videos 7 are left; names that are not UTF-8 among the others."""
    odd = os.fsdecode(b"Mu\xf1oz")
    Path("videos", "jump", "3.mp4").rename(f"videos/jump/{odd}.mp4")
    Path("videos", "wave", "3.mp4").rename("videos/loose.mp4")
    Path("videos", "annotations").mkdir()
    for name in ("wave/1.THM", f"wave/{odd}.jpg", "annotations/a.bin"):
        Path("videos", name).write_text("no video")
    listing = keep_readable_classes(records.listing(), records.data)
    info = again(records, listing)
    assert info["files"] == {
        "found": 11,
        "used": 7,
        "quarantined": 1,
        "left_out": {
            "beside the folders of classes": {
                "count": 1,
                "example": "loose.mp4",
            },
            "pictures": {"count": 1, "example": "wave/Mu\\xf1oz.jpg"},
            "small copies by a camera": {"count": 1, "example": "wave/1.THM"},
        },
    }
    assert info["classes"] == ["jump", "wave"] and info["empty_classes"] == []
    rows = {row["id"]: row for row in records.manifest()}
    assert rows["annotations/a.bin"]["label"] == -1
    row = rows["jump/Mu\\xf1oz.mp4"]
    assert row["path"] == "videos/jump/Mu\\xf1oz.mp4" and row["frames"] == 6
    assert row["id"] in records.ids(row["shard"])
    with open(records.folder / "quarantine.csv", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["path"] == "videos/annotations/a.bin"


def test_a_file_is_used_if_a_part_of_it_is(records):
    """Three parts of one file, which a list names in two ways."""
    rows = [
        {"path": "videos/a.mp4", "skipped": "no frame"},
        {"path": "videos/x/../a.mp4"},
        {"path": "videos/a.mp4", "skipped": "no frame"},
        {"path": "videos/b.mp4", "skipped": "empty file"},
    ]
    listing = dataclasses.replace(records.listing(), num_files=2, left_out={})
    assert count_files(listing, rows) == {
        "found": 2,
        "used": 1,
        "quarantined": 1,
        "left_out": {},
    }


def test_missing_videos_are_counted_against_the_list(records):
    """Of 4 listed `jump` for training 3 are there; 2 `wave` for testing."""
    made = records.listing()
    gone = (
        Source("jump/gone.mp4", "", 0, "jump", "train"),
        Source("wave/gone.mp4", "", 1, "wave", "test"),
    )
    listing = dataclasses.replace(
        made, listed=True, missing=gone, notes=("a note",)
    )
    Path("videos/jump/1.mp4").write_text("no video")
    ((_, split),) = [
        (s.id, s.split) for s in made.sources if s.id == "jump/1.mp4"
    ]
    assert split == "train"
    shards = records.shards()
    for shard in shards:
        if not shard.finished():
            write_shard(shard)
    info = write_manifest(
        listing, records.folder, shards, data=records.data, flow=records.flow
    )
    assert info["listed"] == {
        # One video of each class is held out, and one of `wave` is missing.
        "test": {
            "listed": 3,
            "missing": 1,
            "skipped": 0,
            "used": 2,
            "missing_by_class": {"wave": [1, 2]},
        },
        # Three of each class, and one of `jump` is missing.
        "train": {
            "listed": 7,
            "missing": 1,
            "skipped": 1,
            "used": 5,
            "missing_by_class": {"jump": [1, 4]},
        },
    }
    assert info["notes"] == ["a note"]
    assert (records.folder / "missing.csv").read_text() == (
        "id,split,class\njump/gone.mp4,train,jump\nwave/gone.mp4,test,wave\n"
    )


def test_the_share_of_clipped_flow_is_that_of_all_vectors(records):
    """Parts of 2 videos: 5 frames with 1/2 clipped, 2 frames with 0.

    Of 4 + 1 pictures of flow 4 * 1/2 + 1 * 0 = 2 are clipped: 2 / 5.
    """
    row = {"label": 0, "split": "train", "path": "p", "trimmed": True}
    row |= {"sha256": "", "shard": "s", "missing_frames": 0, "recordings": 1}
    rows = [
        row | {"id": "a", "frames": 5, "clipped_flow": 0.5},
        row | {"id": "b", "frames": 2, "clipped_flow": 0.0},
    ]
    *_, shard = records.shards()
    part = {"videos": rows, "flow_library": "some solver"}
    Path(shard.part_path).write_text(json.dumps(part))
    info = write_manifest(
        records.listing(),
        records.folder,
        [shard],
        data=records.data,
        flow=records.flow,
    )
    assert info["clipped_flow"] == pytest.approx(0.4)
    assert info["num_trimmed"] == 2


def test_lost_frames_and_joined_recordings_are_counted(records):
    """Five pictures at 0, 40, ... ms, then a hole of five; two recordings."""
    folder = Path("videos/jump")
    rng = np.random.default_rng(0)
    times = [*range(0, 480, 40), *range(680, 1080, 40)]
    for name, stamps in (("hole.mkv", times), ("part.mkv", range(0, 400, 40))):
        with av.open(str(folder / name), "w") as file:
            stream = file.add_stream("ffv1", rate=25)
            stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
            for stamp in stamps:
                pixels = rng.integers(0, 256, (32, 48, 3)).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts = stamp // 40
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    part = (folder / "part.mkv").read_bytes()
    (folder / "joined.mkv").write_bytes(part + part)
    info = records.prepare()
    rows = {row["id"]: row for row in records.manifest()}
    assert rows["jump/hole.mkv"]["missing_frames"] == 5
    assert rows["jump/hole.mkv"]["frames"] == 22 + 5
    assert rows["jump/joined.mkv"]["recordings"] == 2
    assert rows["jump/joined.mkv"]["frames"] == 20
    assert rows["jump/part.mkv"]["missing_frames"] == 0
    assert info["num_with_missing_frames"] == 1
    assert info["num_missing_frames"] == 5
    assert info["num_joined"] == 1
    assert info["decoding"] == 2
