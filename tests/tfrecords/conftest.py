"""Records of small video files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.listing import list_folder
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.tfrecords.shard_plan import plan_shards
from d3d_tf.video.writing import write_video
from tests.video_files import numbers, texture, write_numbered

__all__ = ["numbers", "texture", "write_numbered"]


class Records:
    """`videos/` and their `records/`, named from the current folder.

    Not from the root, because a record holds the path of its video.
    """

    data = DataRecipe(short_side=32, num_shards=2)
    flow = FlowRecipe(warps=1, scales=1, outer_iterations=1)
    folder = Path("records")

    def prepare(self, **changes):
        """The content of `dataset.json`."""
        given = {"data": self.data, "flow": self.flow, "show": False}
        return prepare(self.listing(), self.folder, **given | changes)

    def listing(self):
        return list_folder("videos", test_share=0.25)

    def shards(self, listing=None):
        """Two of one test video each, then two of three training videos."""
        listing = listing or self.listing()
        return plan_shards(listing, self.folder, data=self.data, flow=self.flow)

    def contents(self):
        """`{name: bytes}`"""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def shard_times(self):
        """`{name: time of change}`"""
        shards = self.folder.glob("*.tfrecord")
        return {path.name: path.stat().st_mtime_ns for path in shards}

    def manifest(self):
        return json.loads((self.folder / "manifest.json").read_text())

    def ids(self, shard):
        """The ids of the records in a shard, by TensorFlow's own reader."""
        found = []
        path = str(self.folder / shard)
        for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
            context = tf.train.SequenceExample.FromString(record).context
            (id_,) = context.feature["example/id"].bytes_list.value
            found.append(id_.decode())
        return found


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory):
    """Two classes of four videos of 3, 4, 5, 6 frames, and their records."""
    root = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    for name in ("jump", "wave"):
        (root / "videos" / name).mkdir(parents=True)
        for i in range(4):
            frames = rng.integers(0, 256, (3 + i, 32, 48, 3)).astype(np.uint8)
            write_video(root / "videos" / name / f"{i}.mp4", frames, 25)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        Records().prepare()
    return root


@pytest.fixture
def records(finished_folder, tmp_path, monkeypatch):
    """Finished records, in a copy of one's own; times of change are kept."""
    shutil.copytree(finished_folder, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return Records()
