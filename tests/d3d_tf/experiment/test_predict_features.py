"""What a network of features says of a file, line by line and as a list."""

import csv
import re

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.commands import predict
from d3d_tf.errors import UsageError, UserError
from tests.feature_run import LABELS, probabilities_of
from tests.harness.yt8m import feature_record


def test_a_line_for_each_video(feature_run, capsys):
    """From bytes to percents by hand; of 310 frames 300 are the video's."""
    predict.run(
        data=str(feature_run.file), checkpoint=str(feature_run.run.folder)
    )
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == (
        f"{feature_run.file}, by the student of {feature_run.run.folder}:"
    )
    assert len(lines) == len(feature_run.videos) == 6
    for line, (name, content) in zip(
        lines, feature_run.videos.items(), strict=True
    ):
        right = probabilities_of(feature_run.network, content)
        video, shown = line.split(": ")
        found = re.findall(r"(\w+) ([\d.]+) %", shown)
        assert video == name
        assert [label for label, _ in found] == [
            LABELS[place] for place in np.argsort(-right)
        ]
        for label, percent in found:
            wanted = 100 * right[LABELS.index(label)]
            assert float(percent) == pytest.approx(wanted, abs=0.06)


def test_a_list(feature_run, tmp_path, capsys):
    out = tmp_path / "out"
    for _ in range(2):  # The list of an earlier call is written anew.
        predict.run(
            data=str(feature_run.file),
            checkpoint=str(feature_run.run.folder),
            out=str(out),
        )
    assert "classes of 6 videos: " in capsys.readouterr().out
    with (out / "classes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18
    for row in rows:
        right = probabilities_of(
            feature_run.network, feature_run.videos[row["video"]]
        )
        place = int(row["number"])
        assert row["class"] == LABELS[place]
        assert float(row["probability"]) == pytest.approx(
            right[place], abs=1e-5
        )


def test_labels_of_others_do_not_matter(feature_run, tmp_path, capsys):
    """The file is of more classes than the network."""
    path = tmp_path / "other.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as file:
        file.write(feature_record(id_key="video_id", labels=(3000,)))
    predict.run(data=str(path), checkpoint=str(feature_run.run.folder))
    assert capsys.readouterr().out.splitlines()[1].startswith("a: ")


def written(path, *records):
    with tf.io.TFRecordWriter(str(path)) as file:
        for record in records:
            file.write(record)
    return path


def test_files_that_are_refused(feature_run, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(50))
    (tmp_path / "empty.tfrecord").write_bytes(b"")
    whole = feature_run.file.read_bytes()
    (tmp_path / "cut.tfrecord").write_bytes(whole[:-1])
    damaged = whole[:-2000] + bytes([whole[-2000] ^ 1]) + whole[-1999:]
    (tmp_path / "flipped.tfrecord").write_bytes(damaged)
    written(tmp_path / "other.tfrecord", b"\x0a\x00" * 9)
    written(
        tmp_path / "narrow.tfrecord",
        feature_record(name="thin", rgb=(b"\0" * 1000,)),
    )
    made = "was not trained on features that.*docs/youtube8m.md"
    see = "is not a file of YouTube-8M's records.*docs/youtube8m.md"
    for name, words in {
        "gone.tfrecord": "there is no such file",
        ".": see,
        "a.mp4": made,
        "empty.tfrecord": made,
        "cut.tfrecord": "after 5 records truncated record",
        "flipped.tfrecord": "flipped.tfrecord cannot be used: .*Copy it again",
        "other.tfrecord": "holds no videos of YouTube-8M",
        "narrow.tfrecord": "narrow.tfrecord cannot be used: .*1024",
    }.items():
        with pytest.raises(UserError, match=words) as error:
            predict.run(
                data=str(tmp_path / name),
                checkpoint=str(feature_run.run.folder),
            )
        assert "\n" not in str(error.value)


def test_boxes_are_for_detectors(feature_run):
    with pytest.raises(UsageError, match="--detections is for detectors"):
        predict.run(
            data=str(feature_run.file),
            checkpoint=str(feature_run.run.folder),
            detections="a.csv",
        )
