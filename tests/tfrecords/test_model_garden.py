"""The Model Garden's own reader reads our records, and sees what ours sees."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.pipeline import make_dataset

pytestmark = pytest.mark.card


def test_same_frames_and_labels(records):
    """Three of 3 to 6 frames, 32 x 48 pixels cropped to 16 x 16.

    A clip of 4 frames is longer than one of the videos. Pixels are compared as
    integers: both divide by 255 or 127.5 in float32, in another order.
    """
    from official.vision.configs import video_classification as configs
    from official.vision.dataloaders import video_input

    params = configs.DataConfig(
        is_training=False,
        feature_shape=(4, 16, 16, 3),
        min_image_size=32,
        temporal_stride=1,
        num_test_clips=1,
        num_test_crops=1,
        one_hot=False,
        num_classes=2,
        dtype="float32",
    )
    decoder = video_input.Decoder()
    parse = video_input.Parser(params).parse_fn(is_training=False)
    for split in ("train", "test"):
        ours = make_dataset(
            records.folder,
            split,
            ClipRecipe(frames=4, size=16),
            batch_size=1,
            training=False,
            streams=("frames",),
        )
        shards = sorted(map(str, records.folder.glob(f"{split}-*.tfrecord")))
        theirs = tf.data.TFRecordDataset(shards).map(decoder.decode).map(parse)
        count = 0
        for (inputs, label), (features, their_label) in zip(
            ours, theirs, strict=True
        ):
            mine = np.rint((inputs["frames"][0].numpy() + 1) * 127.5)
            other = np.rint(features["image"].numpy() * 255)
            np.testing.assert_array_equal(mine, other)
            assert label.numpy().tolist() == their_label.numpy().tolist()
            assert mine.std() > 10
            count += 1
        assert count == {"train": 6, "test": 2}[split]
