"""A record folder as its dataset.json tells it."""

import dataclasses
import json
from pathlib import Path

import pytest

from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.errors import UserError

INFO = {
    "classes": ["jump", "run"],
    "splits": {"easy": 3, "train": 7, "hard": 2},
    "shards": {
        "easy-00000-of-00001.tfrecord": 3,
        "train-00000-of-00002.tfrecord": 4,
        "train-00001-of-00002.tfrecord": 3,
        "hard-00000-of-00001.tfrecord": 2,
    },
    "num_bytes": 12 * 2**22,
    "num_videos": 12,
    "flow": {"library": "made up"},
}


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "dataset.json").write_text(json.dumps(INFO))
    rows = [{"id": "a"}, {"id": "b", "skipped": "empty file"}]
    (tmp_path / "manifest.json").write_text(json.dumps(rows))
    return open_dataset(tmp_path)


def test_what_it_tells(dataset, tmp_path):
    """Test splits keep their order: the last is the hardest."""
    assert dataset == Dataset(tmp_path, INFO)
    assert dataset.classes == ["jump", "run"]
    assert dataset.splits == {"easy": 3, "train": 7, "hard": 2}
    assert dataset.flow == {"library": "made up"}
    assert dataset.test_splits == ["easy", "hard"]
    assert dataset.skipped() == [{"id": "b", "skipped": "empty file"}]
    assert list(dataset.shards("train").items()) == [
        (f"{tmp_path}/train-00000-of-00002.tfrecord", 4),
        (f"{tmp_path}/train-00001-of-00002.tfrecord", 3),
    ]
    assert dataset.shards("other") == {}


@pytest.mark.parametrize(
    "megabytes, window",
    [(4, 128), (0.5, 1024), (100, 16)],
)
def test_shuffle_window(dataset, megabytes, window):
    """512 MiB of records, 12 videos, but at least 16 of them."""
    info = INFO | {"num_bytes": int(12 * megabytes * 2**20)}
    dataset = dataclasses.replace(dataset, info=info)
    assert dataset.shuffle_window() == window


@pytest.mark.parametrize("content", [None, "{", ""])
def test_a_folder_without_records(tmp_path, content):
    if content is not None:
        (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(UserError, match=f"{tmp_path}.*--mode=prepare"):
        open_dataset(str(tmp_path))


def test_records_whose_flow_is_not_known(tmp_path):
    """Those of a version that did not save how it was made."""
    info = {key: value for key, value in INFO.items() if key != "flow"}
    (tmp_path / "dataset.json").write_text(json.dumps(info))
    with pytest.raises(UserError, match=f"{tmp_path}.*prepare it again"):
        open_dataset(tmp_path)


def test_shorter_videos_are_counted(tmp_path):
    """By the manifest, in the asked split; what was left out is no video."""
    rows = [
        {"split": "test", "frames": 3},
        {"split": "test", "frames": 4},
        {"split": "test", "skipped": "broken"},
        {"split": "train", "frames": 2},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps(rows))
    dataset = Dataset(tmp_path, {})
    assert [dataset.count_shorter("test", n) for n in (3, 4, 5)] == [0, 1, 2]


@pytest.mark.parametrize("validation", ["val", "validation"])
def test_the_test_split_counts_and_not_that_of_validation(validation):
    """What reads the last of them reads the test's, if there is one."""
    splits = {"test": 1, "train": 1, validation: 1}
    three = Dataset(Path(), {"splits": splits})
    assert three.test_splits == [validation, "test"]
    del splits["test"]
    assert Dataset(Path(), {"splits": splits}).test_splits == [validation]
