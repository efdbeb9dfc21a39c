"""Data sets of folders of YouTube-8M's files: the goldens', and others."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.damage import naming_damage
from d3d_tf.data.feature_sets import adopt_features, files_of
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.errors import UserError
from tests.harness.yt8m import feature_record, write_features


@pytest.fixture(scope="module")
def reader(request):
    return request.getfixturevalue("goldens") / "yt8m" / "reader"


@pytest.fixture
def tiny(reader, tmp_path):
    """The goldens' frame-level file, to be trained on and to be scored."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name in "train0000", "validate0000":
        source = reader / "tiny_frames.tfrecord"
        shutil.copyfile(source, folder / f"{name}.tfrecord")
    return folder


def write(path, *records):
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def test_the_goldens_files(tiny, reader, tmp_path):
    """12 videos a split, 3862 classes; found again without a second count."""
    dataset = adopt_features(tiny, tmp_path / "records")
    assert dataset.kind == "features" and dataset.has_several_labels
    assert dataset.splits == {"train": 12, "validation": 12}
    assert dataset.test_splits == ["validation"]
    assert dataset.classes == [str(place) for place in range(3862)]
    assert dataset.info["num_bytes"] == 2 * 488_890  # As `ls -l` has it.
    assert not dataset.info["features"]["video_level"] and not dataset.flow
    lines = (dataset.folder / "label_map.txt").read_text().splitlines()
    assert lines == dataset.classes
    assert sorted(path.name for path in tiny.iterdir()) == [
        "train0000.tfrecord",
        "validate0000.tfrecord",
    ]
    golden = json.loads((reader / "expected.json").read_text())
    files = files_of(dataset, "validation")
    ((inputs, _),) = feature_batches(files, batch_size=12, training=False)
    ids = [id_.decode() for id_ in inputs["id"].numpy()]
    assert ids == [video["id"] for video in golden["videos"]]
    before = (dataset.folder / "dataset.json").stat().st_mtime_ns
    assert adopt_features(tiny, tmp_path / "records").info == dataset.info
    assert (dataset.folder / "dataset.json").stat().st_mtime_ns == before


def test_means_of_videos(reader, tmp_path):
    folder = tmp_path / "means"
    folder.mkdir()
    target = folder / "train0000.tfrecord"
    shutil.copyfile(reader / "tiny_videos.tfrecord", target)
    dataset = adopt_features(folder, tmp_path / "records")
    assert dataset.splits == {"train": 6} and not dataset.test_splits
    files = files_of(dataset, "train")
    assert files.video_level and files.num_videos == 6


@pytest.mark.parametrize("id_key, count", [("video_id", 4716), ("id", 3862)])
def test_the_release_says_how_many_classes(tmp_path, id_key, count):
    record = feature_record(id_key=id_key, labels=[count - 1])
    write(tmp_path / "yt" / "train0000.tfrecord", record)
    dataset = adopt_features(tmp_path / "yt", tmp_path / "records")
    assert len(dataset.classes) == count
    data = feature_batches(
        files_of(dataset, "train"), batch_size=1, training=False
    )
    ((_, label),) = data
    assert np.flatnonzero(label[0]).tolist() == [count - 1]


def test_names_of_the_vocabulary(tmp_path):
    """One has no name and one occurs twice; rows come in any order."""
    folder = tmp_path / "yt"
    write(folder / "train0000.tfrecord", feature_record(labels=[3]))
    (folder / "vocabulary.csv").write_text(
        "Index,TrainVideoCount,Name,Vertical1\n"
        '1,5,"Games, video",Games\n0,9,Cat,Pets\n3,1,Cat,Pets\n2,3,,Unknown\n'
    )
    dataset = adopt_features(folder, tmp_path / "records")
    assert dataset.classes == ["Cat", "Games, video", "2", "Cat (3)"]
    (folder / "vocabulary.csv").write_text("Index,Name\n1,Cat\n")
    with pytest.raises(UserError, match="not YouTube-8M's list of classes"):
        adopt_features(folder, tmp_path / "records")
    # Without it, our own list.
    (folder / "vocabulary.csv").unlink()
    (folder / "label_map.txt").write_text("a\nb\nc\nd\n")
    dataset = adopt_features(folder, tmp_path / "records")
    assert dataset.classes == ["a", "b", "c", "d"]


def test_files_that_changed(tiny, tmp_path):
    """After they were counted: gone, cut; named anew, what is left counts."""
    dataset = adopt_features(tiny, tmp_path / "records")
    path = tiny / "validate0000.tfrecord"
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    message = "has 488883 bytes; it had 488890 when it was counted"
    with pytest.raises(UserError, match=message):
        files_of(dataset, "validation")
    with pytest.raises(UserError, match="validate0000.*after 11 records trunc"):
        adopt_features(tiny, tmp_path / "other")
    path.unlink()
    with pytest.raises(
        UserError, match="validate0000.tfrecord is gone; it had"
    ):
        files_of(dataset, "validation")
    assert files_of(dataset, "train").num_videos == 12
    anew = adopt_features(tiny, tmp_path / "records")
    assert anew.splits == {"train": 12} and anew.folder != dataset.folder


def test_a_file_with_one_video_more_is_counted_anew(tmp_path):
    folder = write_features(tmp_path / "yt", {"train0000.tfrecord": 2}, 3)
    first = adopt_features(folder, tmp_path / "records")
    write_features(folder, {"train0000.tfrecord": 3}, 3)
    with pytest.raises(UserError, match="when it was counted"):
        files_of(first, "train")
    assert adopt_features(folder, tmp_path / "records").splits == {"train": 3}


def test_a_record_that_is_damaged_is_named(tiny, tmp_path):
    """One bit of the second video, and a label that is no class."""
    dataset = adopt_features(tiny, tmp_path / "records")
    path = tiny / "validate0000.tfrecord"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)

    def read():
        files = files_of(dataset, "validation")
        with naming_damage(dataset, "validation"):
            for _ in feature_batches(files, batch_size=4, training=False):
                pass

    with pytest.raises(UserError, match=r"validate0000.tfrecord, record \d+, "):
        read()
    folder = tmp_path / "yt"
    folder.mkdir()
    (folder / "label_map.txt").write_text("a\nb\n")
    records = feature_record(labels=[1]), feature_record(name="x", labels=[2])
    write(folder / "validate0000.tfrecord", *records)
    dataset = adopt_features(folder, tmp_path / "records")
    with pytest.raises(
        UserError, match="record 2, .*a label that is none of 2"
    ):
        read()


def test_other_folders_are_refused(reader, tiny, tmp_path):
    with pytest.raises(UserError, match="There is no folder .*gone of --data"):
        adopt_features(tmp_path / "gone", tmp_path / "records")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="has no TFRecord files: name the"):
        adopt_features(tmp_path / "empty", tmp_path / "records")
    target = tiny / "train0000.tfrecord"
    shutil.copyfile(reader / "tiny_videos.tfrecord", target)
    with pytest.raises(UserError, match="frames in one split and means of vid"):
        adopt_features(tiny, tmp_path / "records")
    assert not (tmp_path / "records").exists()
