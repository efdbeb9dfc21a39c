"""The kit's readers' numbers (shared/goldens/yt8m/reader), and the pipeline."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.parts import Part
from d3d_tf.data.youtube8m import (
    feature_batches,
    open_features,
)
from d3d_tf.errors import UserError
from tests.harness.input_workers import InputWorkers
from tests.harness.yt8m import feature_record as record


@pytest.fixture(scope="module")
def reader(request):
    return request.getfixturevalue("goldens") / "yt8m" / "reader"


@pytest.fixture(scope="module")
def folder(reader, tmp_path_factory):
    """`frames` and `means`: the goldens' files by YouTube-8M's names."""
    root = tmp_path_factory.mktemp("yt8m")
    for kind, file in (("frames", "tiny_frames"), ("means", "tiny_videos")):
        (root / kind).mkdir()
        target = root / kind / "validate0000.tfrecord"
        shutil.copyfile(reader / f"{file}.tfrecord", target)
    return root


def digest(array) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def test_frame_level(reader, folder):
    """To the bit; one has no label, one is longer than 300."""
    golden = json.loads((reader / "expected.json").read_text())
    files = open_features(folder / "frames", "validation", golden["classes"])
    assert not files.video_level and files.num_videos == 12
    batches = list(feature_batches(files, batch_size=5, training=False))
    assert [len(label) for _, label in batches] == [5, 5, 2]
    inputs = [inputs for inputs, _ in batches]
    ids = np.concatenate([i["id"].numpy() for i in inputs])
    features = np.concatenate([i["features"][0].numpy() for i in inputs])
    frames = np.concatenate([i["features"][1].numpy() for i in inputs])
    labels = np.concatenate([label.numpy() for _, label in batches])
    assert features.dtype == np.float32 and frames.dtype == np.int32
    for place, video in enumerate(golden["videos"]):
        assert ids[place].decode() == video["id"]
        assert frames[place] == video["num_frames"]
        own = np.flatnonzero(labels[place])
        assert own.tolist() == sorted(set(video["labels"]))
        assert digest(features[place]) == video["sha256"]
        assert not features[place, frames[place] :].any()


def test_video_level(reader, folder):
    golden = json.loads((reader / "expected.json").read_text())
    files = open_features(folder / "means", "validation", golden["classes"])
    assert files.video_level and files.num_videos == 6
    ((inputs, labels),) = feature_batches(files, batch_size=6, training=False)
    features, frames = inputs["features"]
    assert features.shape == [6, 1, 1152] and frames.numpy().tolist() == [1] * 6
    for place, video in enumerate(golden["video_level"]):
        assert inputs["id"][place].numpy().decode() == video["id"]
        assert digest(features[place, 0]) == video["sha256"]
        own = np.flatnonzero(labels[place])
        assert own.tolist() == sorted(set(video["labels"]))
    with pytest.raises(UserError, match="hold the mean of all frames"):
        feature_batches(
            files,
            batch_size=1,
            training=False,
            sampling=FrameSamplingRecipe(way="first"),
        )


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Three training files with 4, 1 and 3 videos."""
    folder = tmp_path_factory.mktemp("train")
    number = 0
    for k, count in enumerate((4, 1, 3)):
        path = str(folder / f"train{k:04}.tfrecord")
        with tf.io.TFRecordWriter(path) as writer:
            for _ in range(count):
                writer.write(
                    record(
                        name=f"v{number}",
                        rgb=[bytes([i]) * 1024 for i in range(9)],
                    )
                )
                number += 1
    return open_features(folder, "train")


def test_training_goes_on_exactly(shards):
    """Order and drawn frames are those of a training that never stopped."""
    options = {
        "batch_size": 2,
        "training": True,
        "sampling": FrameSamplingRecipe(way="random", k=3),
        "seed": 3,
    }
    whole = list(feature_batches(shards, **options).take(9))
    for start in 1, 6:
        later = feature_batches(shards, **options, start_step=start)
        for one, other in zip(whole[start:], later, strict=False):
            tf.nest.map_structure(np.testing.assert_array_equal, one, other)
    ids = np.concatenate([inputs["id"] for inputs, _ in whole[:4]])
    later = np.concatenate([inputs["id"] for inputs, _ in whole[4:8]])
    assert sorted(ids) == sorted(later) == [f"v{i}".encode() for i in range(8)]
    assert ids.tolist() != later.tolist()


@pytest.mark.large
def test_batches_of_input_workers(shards, tmp_path):
    """Two for a second process; batches and chunks of videos do not fit."""
    sampling = FrameSamplingRecipe(way="random", k=3)
    drawn = {"training": True, "sampling": sampling, "also_all": True}

    def made(service):
        part = Part(1, 2, service=service)
        data = feature_batches(shards, batch_size=6, part=part, **drawn)
        return [*data.take(9).as_numpy_iterator()]

    with InputWorkers(tmp_path, 2) as workers:
        pairs = zip(made(workers.service), made(""), strict=True)
        for one, other in pairs:
            tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_other_files_are_refused(tmp_path, folder):
    with pytest.raises(
        UserError, match="no TFRecord files of the split 'test'"
    ):
        open_features(folder / "frames", "test")
    source = folder / "frames" / "validate0000.tfrecord"
    shutil.copyfile(source, tmp_path / "train0.tfrecord")
    means = folder / "means" / "validate0000.tfrecord"
    shutil.copyfile(means, tmp_path / "train1.tfrecord")
    with pytest.raises(UserError, match="hold frames and means of videos"):
        open_features(tmp_path, "train")
    content = source.read_bytes()
    (tmp_path / "train1.tfrecord").write_bytes(content[:-7])
    with pytest.raises(UserError, match="train1.*after 11 records truncated"):
        open_features(tmp_path, "train")
    with tf.io.TFRecordWriter(str(tmp_path / "train1.tfrecord")) as writer:
        example = tf.train.Example()
        example.features.feature["x"].int64_list.value.append(1)
        writer.write(example.SerializeToString())
    with pytest.raises(UserError, match="no `id` and no `video_id`, but x"):
        open_features(tmp_path, "train")
    with tf.io.TFRecordWriter(str(tmp_path / "train0.tfrecord")) as writer:
        writer.write(b"\x0a\x03\xff\xff\xff")
    with pytest.raises(UserError, match="but none"):
        open_features(tmp_path, "train")
