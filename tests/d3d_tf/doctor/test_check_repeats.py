"""Records of earlier versions that lost frames, and others that did not."""

import dataclasses
from fractions import Fraction
from pathlib import Path

import av

from d3d_tf import schema
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.prepare import prepare
from tests.d3d_tf.doctor.conftest import Records
from tests.harness import moving_texture

ONE = "train/left/0.mp4"
LISTS = [prefix + schema.IMAGE_ENCODED for prefix in ("", schema.FLOW)]


def of_before(records):
    records.edit("dataset.json", lambda info: info.pop("decoding"))


def lose_frames(example):
    """0 1 1 3 4 4: what the first version made of B-frames in AVI."""
    for key in LISTS:
        features = example.feature_lists.feature_list[key].feature
        for lost in (2, 5):
            features[lost].CopyFrom(features[lost - 1])


def move_files(records, target):
    """The files are elsewhere: the manifest's paths lead nowhere."""

    def change(rows):
        for row in rows:
            row["path"] = str(target / Path(row["path"]).name)

    records.edit("manifest.json", change)


def finding(records):
    return records.findings()["repeated frames"]


def test_whole_records(records):
    assert finding(records).level == "OK"
    of_before(records)
    assert finding(records).level == "OK"
    assert "0 of 8 videos show frames twice" in finding(records).line()


def test_lost_frames_are_an_error_where_the_file_is_there(records):
    records.rewrite(lose_frames, ONE)
    of_before(records)
    found = finding(records)
    assert found.level == "ERROR"
    # 2 of the 5 pairs of 6 frames.
    assert f"{ONE} shows 40 % of its frames twice, its file 0 %" in found.line()
    assert "prepare them again" in found.line()


def test_lost_frames_are_a_warning_where_the_file_is_gone(records, tmp_path):
    records.rewrite(lose_frames, ONE)
    of_before(records)
    move_files(records, tmp_path)
    found = finding(records)
    assert found.level == "WARNING"
    assert "lost every third frame" in found.line()


def test_repeats_of_today_are_of_slow_files(records):
    """What decodes now repeats no frame that the file does not repeat."""
    records.rewrite(lose_frames, ONE)
    found = finding(records)
    assert found.level == "OK"
    assert "1 of 8 videos show frames twice, up to 40 % of one" in found.line()


def test_a_slow_file_is_not_suspected(tmp_path):
    """12.5 frames per second in records of 25: 6 frames, each twice."""
    path = tmp_path / "slow.mp4"
    frames, _ = moving_texture(6, 40, 48, (2.0, 0.5), seed=0)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("h264", rate=Fraction(25, 2))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    source = Source("left/slow", str(path), 0, "left", "train")
    other = dataclasses.replace(
        source, id="right/slow", label=1, class_name="right"
    )
    prepare(
        Listing("slow", ("left", "right"), (source, other)),
        tmp_path / "records",
        data=DataRecipe(short_side=40, num_shards=1),
        flow=FlowRecipe(scales=1, warps=1),
        show=False,
    )
    records = Records(tmp_path / "records")
    of_before(records)
    found = finding(records)
    assert found.level == "OK"
    # 6 of 11 pairs.
    assert "2 of 2 videos show frames twice, up to 55 %" in found.line()
