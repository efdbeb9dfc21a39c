"""Small video files, made with PyAV alone, and records of such files."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.plan import plan_shards
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.tfrecords.sources import list_folder
from d3d_tf.tfrecords.video import write_video

LEVEL_STEP = 6  # Grey levels between frames; H.264 is off by 2 at most.


@pytest.fixture
def write_numbered():
    """Writes a grey video whose frame i tells its number.

    `write(path, milliseconds)`: one frame per time; `options` are FFmpeg's.
    Key frames every 5 frames, B-frames between.
    """
    x264 = "scenecut=0:bframes=2:b-adapt=0:keyint=5"

    def write(path, milliseconds, *, size=(32, 32), options=None, noise=0):
        rng = np.random.default_rng(0)
        with av.open(str(path), "w", options=options or {}) as file:
            stream = file.add_stream(
                "h264", rate=1000, options={"crf": "5", "x264-params": x264}
            )
            stream.height, stream.width = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            for number, time in enumerate(milliseconds):
                level = 16 + LEVEL_STEP * number
                pixels = level + rng.integers(-noise, noise + 1, (*size, 1))
                pixels = np.repeat(pixels.astype(np.uint8), 3, axis=-1)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = time, Fraction(1, 1000)
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def numbers():
    """The numbers of decoded frames of such a video."""

    def read(frames):
        levels = frames.mean(axis=(1, 2, 3)) - 16
        return np.rint(levels / LEVEL_STEP).astype(int).tolist()

    return read


@pytest.fixture
def texture():
    """`texture(height, width, u, v)`: uint8 RGB that has moved by (u, v).

    A sum of waves, so it is known at every place and not only at pixels: what
    `texture(h, w, 0, 0)` shows at (x, y) is shown at (x + u, y + v).
    """
    rng = np.random.default_rng(0)
    # Wavelengths of 6 to 25 pixels.
    lengths = 2 * np.pi / rng.uniform(6, 25, (24, 1, 1, 1))
    angles = rng.uniform(0, 2 * np.pi, (24, 1, 1, 1))
    phases = rng.uniform(0, 2 * np.pi, (24, 1, 1, 3))

    def make(height, width, u, v):
        y, x = np.mgrid[:height, :width]
        x, y = (x - u)[..., None], (y - v)[..., None]
        along = np.cos(angles) * x + np.sin(angles) * y
        waves = np.sin(lengths * along + phases).sum(axis=0)
        return np.clip(np.rint(128 + 16 * waves), 0, 255).astype(np.uint8)

    return make


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

    def shards(self):
        """Two of one test video each, then two of three training videos."""
        return plan_shards(
            self.listing(), self.folder, data=self.data, flow=self.flow
        )

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
