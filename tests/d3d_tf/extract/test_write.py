"""What is written is what readers read."""

import numpy as np
import tensorflow as tf

from d3d_tf.data.youtube8m import feature_batches, open_features
from d3d_tf.extract.write import Video, kit_name, write_features


def test_names():
    splits = ("train", "val", "validation", "test")
    assert [kit_name(split, 7) for split in splits] == [
        "train0007.tfrecord",
        "validate0007.tfrecord",
        "validate0007.tfrecord",
        "test0007.tfrecord",
    ]


def test_read_back(tmp_path):
    """Half a step and half of 4/512 more, at most."""
    rng = np.random.default_rng(0)
    videos = [
        Video("a", [0, 2], rng.uniform(-2, 2, [3, 1024])),
        Video("b", [], rng.uniform(-2, 2, [1, 1024])),
    ]
    path = tmp_path / "train0000.tfrecord"
    assert write_features(path, iter(videos)) == 2
    (record, _) = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    lists = tf.train.SequenceExample.FromString(record).feature_lists
    assert [*lists.feature_list] == ["rgb"]
    files = open_features(
        tmp_path, "train", 3, widths={"rgb": 1024, "audio": 0}
    )
    ((inputs, labels),) = feature_batches(files, batch_size=2, training=False)
    features, frames = inputs["features"]
    assert inputs["id"].numpy().tolist() == [b"a", b"b"]
    assert frames.numpy().tolist() == [3, 1]
    assert labels.numpy().tolist() == [[1, 0, 1], [0, 0, 0]]
    assert features.shape == [2, 300, 1024]
    for place, video in enumerate(videos):
        read = features[place, : len(video.features)].numpy()
        np.testing.assert_allclose(
            read - 4 / 512, video.features, atol=2 / 255 + 1e-6
        )
