"""Records of videos whose grey tells the second, and a module that sees it."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.dataset import open_dataset
from tests.harness.records import Video, flow_codes, write_records
from tests.video_files import write_numbered

__all__ = ["dataset", "picture_module", "write_numbered"]
RATE = 25


def grey_of(video: int, second: int) -> int:
    return 10 * video + 60 * second + 8


@pytest.fixture
def dataset(tmp_path):
    """Three training videos and a test video of 60 frames: 3 seconds at 25 per
    second, of classes 0, 1, 0, 1; the first frame of each second is brighter.
    """
    videos = []
    for k in range(4):
        greys = np.array([grey_of(k, t // RATE) for t in range(60)])
        greys[::RATE] += 2
        frames = np.broadcast_to(greys[:, None, None, None], [60, 16, 24, 3])
        videos.append(
            Video(
                id=f"video{k}",
                label=k % 2,
                frames=frames.astype(np.uint8),
                codes=flow_codes(np.zeros([60, 16, 24, 2])),
                split="test" if k == 3 else "train",
            )
        )
    folder = tmp_path / "records" / "made"
    return open_dataset(write_records(folder, videos, num_shards=2))


@pytest.fixture
def picture_module(tmp_path):
    """`[batch, 16, 16, 3]` in [0, 1] to (4 g - 2, 1 - g, 0, g^2) of grey g."""

    @tf.function(
        input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.float32, "image")]
    )
    def serve(image):
        grey = tf.reduce_mean(image, axis=[1, 2, 3])
        parts = [4 * grey - 2, 1 - grey, 0 * grey, grey**2]
        return {"vector": tf.stack(parts, -1)}

    path = tmp_path / "module"
    tf.saved_model.save(tf.Module(), str(path), signatures=serve)
    return path
