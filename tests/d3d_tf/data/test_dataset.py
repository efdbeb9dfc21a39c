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
    "num_skipped": 1,
    "num_trimmed": 0,
    "name": "made up",
    "digest": "0123456789abcdef",
    "empty_classes": [],
    "frames": {"min": 3, "max": 9, "sum": 60},
    "clipped_flow": 0,
    "recipe": {
        "data": {"short_side": 16, "frame_rate": 25},
        "flow": {"saturation": 20.0},
    },
    "flow": {"library": "made up"},
    "flow_recipe": "fedcba9876543210",
}
FILE = {"path": "a.mp4", "split": "test", "label": 0}
USED = FILE | {"id": "a", "sha256": "", "frames": 4, "shard": "x"}
SKIPPED = FILE | {"id": "b", "skipped": "empty file"}


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "dataset.json").write_text(json.dumps(INFO))
    rows = [USED, SKIPPED]
    (tmp_path / "manifest.json").write_text(json.dumps(rows))
    return open_dataset(tmp_path)


def test_what_it_tells(dataset, tmp_path):
    """Test splits keep their order: the last is the hardest."""
    assert dataset == Dataset(tmp_path, INFO)
    assert dataset.classes == ["jump", "run"]
    assert dataset.splits == {"easy": 3, "train": 7, "hard": 2}
    assert dataset.flow == {"library": "made up"}
    assert dataset.test_splits == ["easy", "hard"]
    assert dataset.skipped() == [SKIPPED]
    assert dataset.used() == [USED]
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


def test_a_folder_without_records(tmp_path):
    with pytest.raises(UserError, match=f"{tmp_path}.*--mode=prepare"):
        open_dataset(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is empty"),
        ("{", "not JSON"),
        ("[]", "it is a list and not an object"),
        ("{}", "it lacks name"),
        (json.dumps(INFO | {"classes": {}}), "classes: it is an object"),
        (json.dumps(INFO | {"shards": {"a": "3"}}), "shards: a: it is text"),
        (json.dumps(INFO | {"frames": {"min": 3}}), "frames: it lacks max"),
        (json.dumps(INFO | {"num_videos": 0}), "it counts no videos"),
        (json.dumps(INFO | {"foreign": {}}), "foreign: it lacks folder"),
    ],
)
def test_a_dataset_file_that_is_damaged(tmp_path, content, words):
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(UserError, match=rf"dataset.json is damaged \({words}"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("kind", ["id", "path", "sha256", "frames", "shard"])
def test_a_manifest_that_is_damaged(dataset, kind):
    path = dataset.folder / "manifest.json"
    row = {key: value for key, value in USED.items() if key != kind}
    path.write_text(json.dumps([USED, row]))
    with pytest.raises(
        UserError, match=f"{path} is damaged .2: it lacks {kind}"
    ):
        dataset.used()
    path.unlink()
    with pytest.raises(UserError, match=f"{path} is missing: prepare"):
        dataset.skipped()


def test_records_whose_flow_is_not_known(tmp_path):
    """Those of a version that did not save how it was made."""
    info = {key: value for key, value in INFO.items() if key != "flow"}
    (tmp_path / "dataset.json").write_text(json.dumps(info))
    with pytest.raises(UserError, match=f"{tmp_path}.*prepare it again"):
        open_dataset(tmp_path)


def test_shorter_videos_are_counted(tmp_path):
    """By the manifest, in the asked split; what was left out is no video."""
    rows = [
        USED | {"frames": 3},
        USED,
        SKIPPED,
        USED | {"split": "train", "frames": 2},
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
