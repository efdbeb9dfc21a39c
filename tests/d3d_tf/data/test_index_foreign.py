"""Folders of records that other tools wrote become data sets."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe, DataRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.index_foreign import adopt
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.errors import UserError
from tests.harness import foreign_record, write_shard

RECIPE = DataRecipe()


def frames(level: int, length: int, height: int = 24, width: int = 32):
    """JPEG frames whose grey is `level + t`, exact since it is constant."""
    return [
        tf.io.encode_jpeg(
            np.full([height, width, 3], level + t, np.uint8)
        ).numpy()
        for t in range(length)
    ]


@pytest.fixture
def dmvr(tmp_path):
    """As DMVR's `generate_from_file.py` writes: no suffix, 10 frames/s.

    Its label indices are those of a Python set, so they differ by split.
    """
    folder = tmp_path / "theirs" / "sports"
    for split, indices in (
        ("train", {"wave": 0, "jump": 1}),
        ("test", {"jump": 0, "wave": 1}),
    ):
        for shard in range(2):
            write_shard(
                folder / f"{split}-{shard:05d}-of-00002",
                [
                    foreign_record(
                        frames(40 * shard + 20 * indices[name], 5),
                        clip__label__index=indices[name],
                        clip__label__text=name,
                        video__filename=f"{name}{shard}.mp4",
                        clip__start__timestamp=0,
                        clip__end__timestamp=500_000,
                    )
                    for name in ("jump", "wave")
                ],
            )
    return folder


@pytest.fixture
def garden(tmp_path):
    """As the Model Garden reads: an index and frames, nothing else."""
    folder = tmp_path / "theirs" / "garden"
    write_shard(
        folder / "train" / "part.tfrecord",
        [
            foreign_record(frames(10, 4, 30, 20), clip__label__index=2),
            foreign_record(frames(50, 7), clip__label__index=0),
        ],
    )
    write_shard(
        folder / "val" / "part.tfrecord",
        [foreign_record(frames(90, 6), clip__label__index=1)],
    )
    return folder


def test_dmvr(dmvr, tmp_path):
    dataset = adopt(dmvr, tmp_path / "records", RECIPE)
    assert dataset.classes == ["jump", "wave"]
    assert dataset.splits == {"test": 4, "train": 4}
    assert dataset.folder.parent == tmp_path / "records"
    assert dataset.folder.name.rsplit("-", 1)[0] == "sports"
    # 5 frames in half a second.
    assert dataset.info["recipe"]["data"]["frame_rate"] == 10
    assert dataset.info["recipe"]["data"]["short_side"] == 24
    # Greys of the test split: jump has their index 0, wave 1.
    seen = set()
    for inputs, label in make_dataset(
        dataset,
        "test",
        ClipRecipe(frames=5, size=16),
        batch_size=1,
        training=False,
        streams=("frames", "id"),
    ):
        grey = np.rint((inputs["frames"].numpy() + 1) * 127.5)
        assert (grey[0, :, 0, 0, 0] - grey[0, 0, 0, 0, 0] == range(5)).all()
        seen.add((int(label[0]), int(grey[0, 0, 0, 0, 0])))
    assert seen == {(0, 0), (0, 40), (1, 20), (1, 60)}


def test_the_model_gardens_minimum(garden, tmp_path):
    dataset = adopt(garden, tmp_path / "records", RECIPE)
    assert dataset.classes == ["0", "1", "2"]
    assert dataset.splits == {"train": 2, "validation": 1}
    assert dataset.info["frames"] == {"min": 4, "max": 7, "sum": 17}
    assert dataset.info["recipe"]["data"]["short_side"] == 20
    # Nothing tells the rate: that of the recipe.
    assert dataset.info["recipe"]["data"]["frame_rate"] == 25
    assert "taken to be 25" in dataset.info["notes"][0]
    batches = make_dataset(
        dataset,
        "train",
        ClipRecipe(frames=4, size=16),
        batch_size=2,
        training=True,
        streams=("frames",),
    )
    for inputs, labels in batches.take(3):
        assert inputs["frames"].shape == (2, 4, 16, 16, 3)
        assert sorted(labels.numpy()) == [0, 2]


def test_a_label_map_names_the_indices(garden, tmp_path):
    (garden / "label_map.txt").write_text("run\njump\nwave\nsit\n")
    dataset = adopt(garden, tmp_path / "records", RECIPE)
    assert dataset.classes == ["run", "jump", "wave", "sit"]
    assert dataset.info["empty_classes"] == ["sit"]


def test_their_folder_stays_and_is_looked_through_once(dmvr, tmp_path):
    before = sorted(os.listdir(dmvr))
    first = adopt(dmvr, tmp_path / "records", RECIPE)
    assert sorted(os.listdir(dmvr)) == before
    written = (first.folder / "dataset.json").stat().st_mtime_ns
    assert adopt(dmvr, tmp_path / "records", RECIPE) == first
    assert (first.folder / "dataset.json").stat().st_mtime_ns == written
    assert open_dataset(first.folder) == first
    rows = json.loads((first.folder / "manifest.json").read_text())
    assert len(rows) == 8 and rows[0].keys() == {
        "id",
        "split",
        "label",
        "shard",
        "frames",
    }
    # More files are another data set.
    write_shard(dmvr / "train-more.tfrecord", [first_record(dmvr)])
    assert adopt(dmvr, tmp_path / "records", RECIPE).folder != first.folder


def first_record(folder) -> bytes:
    path = str(folder / "train-00000-of-00002")
    return next(iter(tf.data.TFRecordDataset(path))).numpy()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"\xff\xff", "train.tfrecord, record 2, is not a tf.train.SequenceE"),
        (foreign_record(frames(0, 2)), "has no label"),
    ],
)
def test_a_record_that_cannot_be_used(tmp_path, record, message):
    """The second one; see test_soundness.py for all kinds."""
    good = foreign_record(frames(0, 2), clip__label__index=0)
    write_shard(tmp_path / "a" / "train.tfrecord", [good, record])
    with pytest.raises(UserError, match=message):
        adopt(tmp_path / "a", tmp_path / "records", RECIPE)
    assert not (tmp_path / "records").exists()


def test_empty_files_are_told(garden, tmp_path):
    """Writers make them where there are fewer records than files."""
    (garden / "train" / "none.tfrecord").touch()
    dataset = adopt(garden, tmp_path / "records", RECIPE)
    assert dataset.splits == {"train": 2, "validation": 1}
    assert (
        "1 files hold no record, such as train/none.tfrecord"
        in (dataset.info["notes"])
    )
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "train.tfrecord").touch()
    with pytest.raises(UserError, match="record files in .*/b are empty"):
        adopt(tmp_path / "b", tmp_path / "records", RECIPE)


def test_labels_that_the_label_map_does_not_have(garden, dmvr, tmp_path):
    (garden / "label_map.txt").write_text("run\njump\n")
    with pytest.raises(UserError, match="label 2, label_map.txt has only 2"):
        adopt(garden, tmp_path / "records", RECIPE)
    (dmvr / "label_map.txt").write_text("run\njump\n")
    with pytest.raises(UserError, match="'wave', which label_map.txt does not"):
        adopt(dmvr, tmp_path / "records", RECIPE)


def test_our_unfinished_records_are_not_foreign(garden, tmp_path):
    (garden / "plan.json").write_text("[]")
    with pytest.raises(UserError, match="never finished"):
        adopt(garden, tmp_path / "records", RECIPE)


def test_flow_is_asked_of_rgb_records(garden, tmp_path):
    dataset = adopt(garden, tmp_path / "records", RECIPE)
    clip = ClipRecipe(frames=4, size=16)
    with pytest.raises(UserError, match="stream=rgb.*--mode=prepare"):
        make_dataset(dataset, "train", clip, batch_size=1, training=True)
