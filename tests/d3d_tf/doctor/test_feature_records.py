"""Records by hand, and files of other kinds."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.feature_sets import adopt_features
from d3d_tf.doctor.feature_records import feature_files, look_through
from tests.harness.yt8m import feature_record as record

PICTURE, SOUND = bytes(range(256)) * 4, bytes(128)


def write(path, *records):
    with tf.io.TFRecordWriter(str(path)) as file:
        for one in records:
            file.write(one)


def look(tmp_path, *records, sample=0):
    write(tmp_path / "train0000.tfrecord", *records)
    return list(look_through(feature_files(str(tmp_path)), sample))


def test_what_is_read(tmp_path):
    """Two frames; classes are those of the release of 2017."""
    both = record("video_id", "v", [4715, 3], [PICTURE] * 2, [SOUND] * 2)
    (found,) = look(tmp_path, both)
    assert (found.place, found.split) == (
        "train0000.tfrecord, record 1",
        "train",
    )
    assert (found.id, found.key, found.labels) == ("v", "video_id", (4715, 3))
    assert found.frames == 2 and not found.wrong
    np.testing.assert_array_equal(found.numbers, np.uint8([[*PICTURE]] * 2))


def test_numbers_of_the_sample_alone(tmp_path):
    found = look(tmp_path, *[record(name=n) for n in "abc"], sample=2)
    assert [one.numbers is None for one in found] == [False, False, True]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"labels": [3862]}, "a label that is none of 3862"),
        ({"labels": [-1]}, "a label that is none of 3862"),
        ({"rgb": [PICTURE[1:]]}, "frames whose rgb is not of 1024 bytes"),
        ({"audio": [SOUND + b"1"]}, "frames whose audio is not of 128 bytes"),
        ({"audio": [SOUND] * 2}, "not as many sounds as pictures"),
        ({"name": ""}, "no id and no video_id"),
    ],
    ids=["label", "negative", "rgb", "audio", "one more", "no id"],
)
def test_what_is_wrong(tmp_path, changes, words):
    _, found = look(tmp_path, record(), record(**changes))
    (said,) = found.wrong
    assert said == f"has {words}"


def test_a_record_of_something_else(tmp_path):
    _, found = look(tmp_path, record(), b"no message")
    assert found.wrong == ("is no SequenceExample",)


@pytest.mark.parametrize("end", [-9, -600])
def test_a_file_that_is_cut_off(tmp_path, end):
    path = tmp_path / "train0000.tfrecord"
    write(path, record(name="a"), record(name="b"))
    path.write_bytes(path.read_bytes()[:end])
    found = list(look_through(feature_files(str(tmp_path)), 0))
    assert [one.id for one in found] == ["a", ""]
    assert found[1].place == "train0000.tfrecord, record 2"
    assert "cannot be read" in found[1].wrong[0]


def means(rgb):
    video = tf.train.Example()
    feature = video.features.feature
    feature["id"].bytes_list.value.append(b"a")
    feature["mean_rgb"].float_list.value.extend(rgb)
    feature["mean_audio"].float_list.value.extend([0.0] * 128)
    return video.SerializeToString()


def test_means_of_videos(tmp_path):
    """Whole ones, then one number less, then one that is none."""
    odd = [float("nan")] + [0.0] * 1023
    good, short, none = look(
        tmp_path, means([0.5] * 1024), means([0.5] * 1023), means(odd)
    )
    assert good.frames is None and not good.wrong
    assert short.wrong == ("has a mean_rgb that is not of 1024 numbers",)
    assert none.wrong == ("has a mean_rgb that is not finite",)


def test_other_folders_are_none(tmp_path):
    assert feature_files(str(tmp_path)) is None
    write(tmp_path / "train.tfrecord", tf.train.Example().SerializeToString())
    assert feature_files(str(tmp_path)) is None
    (tmp_path / "dataset.json").write_text(json.dumps({}))
    with pytest.raises(Exception, match="dataset.json"):
        feature_files(str(tmp_path))


def test_by_dataset_json(tmp_path):
    """As `adopt_features` writes it, of a file that is gone since."""
    folder = tmp_path / "yt"
    folder.mkdir()
    for name in ("train0000.tfrecord", "train0001.tfrecord"):
        write(folder / name, record())
    dataset = adopt_features(folder, tmp_path / "records")
    (folder / "train0001.tfrecord").unlink()
    files = feature_files(str(dataset.folder))
    assert [*files.shards] == ["train0000.tfrecord"]
    assert files.num_classes == 3862 and files.promised.info == dataset.info
