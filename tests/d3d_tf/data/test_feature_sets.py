"""A folder of files by hand becomes a data set, and is found changed."""

import pytest
import tensorflow as tf

from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.feature_sets import VOCABULARY, adopt_features, files_of
from d3d_tf.errors import UserError
from d3d_tf.streams import FEATURES
from tests.harness.yt8m import feature_record as record


def write(path, *names):
    with tf.io.TFRecordWriter(str(path)) as file:
        for name in names:
            file.write(record(name=name))


@pytest.fixture
def folder(tmp_path):
    """Two files of training, one of validation; three classes."""
    place = tmp_path / "yt"
    place.mkdir()
    write(place / "train0000.tfrecord", "a", "b")
    write(place / "train0001.tfrecord", "c")
    write(place / "validate0000.tfrecord", "d")
    (place / "label_map.txt").write_text("x\ny\nz\n")
    return place


def test_what_is_counted(folder, tmp_path):
    dataset = adopt_features(folder, tmp_path / "records")
    assert dataset.kind == "features" and dataset.classes == ["x", "y", "z"]
    assert dataset.splits == {"train": 3, "validation": 1}
    assert dataset.test_splits == ["validation"]
    files = files_of(dataset, "train")
    assert files.shards == {
        str(folder / "train0000.tfrecord"): 2,
        str(folder / "train0001.tfrecord"): 1,
    }
    assert files.num_classes == 3 and not files.video_level
    assert files.widths == FEATURES
    again = adopt_features(folder, tmp_path / "records")
    assert again == dataset == open_dataset(dataset.folder)


def test_data_sets_of_before_have_the_releases_width(folder, tmp_path):
    dataset = adopt_features(folder, tmp_path / "records")
    del dataset.info["features"]["widths"]
    assert files_of(dataset, "train").widths == FEATURES


def test_files_that_changed(folder, tmp_path):
    dataset = adopt_features(folder, tmp_path / "records")
    write(folder / "train0001.tfrecord", "c", "e")
    with pytest.raises(UserError, match="train0001.tfrecord has .* bytes; it"):
        files_of(dataset, "train")
    (folder / "train0001.tfrecord").unlink()
    with pytest.raises(UserError, match="train0001.tfrecord is gone"):
        files_of(dataset, "train")


def test_the_kits_vocabulary(folder, tmp_path):
    """A name that occurs twice, and one that is empty."""
    (folder / VOCABULARY).write_text("Index,Name\n1,Game\n0,Game\n2,\n")
    dataset = adopt_features(folder, tmp_path / "records")
    assert dataset.classes == ["Game", "Game (1)", "2"]
    (folder / VOCABULARY).write_text("Number\n1\n")
    with pytest.raises(UserError, match="is not YouTube-8M's list of classes"):
        adopt_features(folder, tmp_path / "records")


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="has no TFRecord files"):
        adopt_features(tmp_path, tmp_path / "records")
