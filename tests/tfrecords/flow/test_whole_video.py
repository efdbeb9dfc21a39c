"""The flow of a file: in chunks as in one piece, whole or not at all."""

import json
import os
import subprocess
import sys

import av
import cv2
import numba
import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.tfrecords.flow.whole_video import PAIRS_AT_ONCE, flow_of_video
from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture

VELOCITY = (1.5, -0.75)
LENGTH = 2 * PAIRS_AT_ONCE + 4  # 35 pairs: two whole chunks and 3.


def make_video(path, length=LENGTH, height=32, width=48, rate=25):
    frames, _ = moving_texture(length, height, width, VELOCITY)
    write_video(path, frames, rate)
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("video") / "a.mp4")


def decoded(path):
    with av.open(str(path)) as file:
        return np.stack(
            [f.to_ndarray(format="rgb24") for f in file.decode(video=0)]
        )


def run(video, out, recipe=FlowRecipe(), side=32, **more):
    return flow_of_video(
        video, out, recipe, short_side=side, show=False, **more
    )


def test_it_is_the_flow_of_the_frames(video, tmp_path):
    """All at once, also across the ends of chunks; and it is the motion."""
    done = run(video, tmp_path / "flow.npy", threads=2)
    flow = np.load(tmp_path / "flow.npy")
    frames = decoded(video)
    assert len(frames) == LENGTH
    np.testing.assert_array_equal(flow, tvl1_flow(frames))
    assert flow.dtype == np.float32
    assert (done.pairs, done.height, done.width) == flow.shape[:3]
    assert done.seconds > 0
    middle = flow[:, 8:-8, 8:-8]
    assert np.abs(np.median(middle, axis=(1, 2)) - VELOCITY).max() < 0.1


@pytest.mark.parametrize("length", [2, PAIRS_AT_ONCE, PAIRS_AT_ONCE + 1])
def test_lengths_around_a_chunk(tmp_path, length):
    video = make_video(tmp_path / "a.mp4", length)
    assert run(video, tmp_path / "f.npy").pairs == length - 1
    flow = np.load(tmp_path / "f.npy")
    np.testing.assert_array_equal(flow, tvl1_flow(decoded(video)))


def test_a_single_frame_is_a_picture(tmp_path):
    video = make_video(tmp_path / "a.mp4", 1)
    with pytest.raises(UnreadableVideo, match="a picture"):
        run(video, tmp_path / "f.npy")


@pytest.mark.parametrize(
    ("side", "how"), [(24, cv2.INTER_AREA), (64, cv2.INTER_LINEAR)]
)
def test_frames_are_resized_before(video, tmp_path, side, how):
    """32 x 48 to 24 x 36 and 64 x 96; flow is in pixels of that size."""
    run(video, tmp_path / "f.npy", FlowRecipe(warps=2), side=side)
    size = (side * 48 // 32, side)
    frames = [cv2.resize(f, size, interpolation=how) for f in decoded(video)]
    flow = np.load(tmp_path / "f.npy")
    np.testing.assert_array_equal(
        flow, tvl1_flow(np.stack(frames), FlowRecipe(warps=2))
    )
    motion = np.median(flow[:, 8:-8, 8:-8], axis=(0, 1, 2)) * 32 / side
    np.testing.assert_allclose(motion, VELOCITY, atol=0.1)


@pytest.mark.parametrize("algorithm", ["dis", "farneback"])
def test_other_algorithms(video, tmp_path, algorithm):
    recipe = FlowRecipe(algorithm=algorithm)
    run(video, tmp_path / "f.npy", recipe)
    np.testing.assert_array_equal(
        np.load(tmp_path / "f.npy"), tvl1_flow(decoded(video), recipe)
    )


@pytest.mark.parametrize(
    ("saturation", "share"), [(20.0, (0, 0)), (1.0, (0.8, 1))]
)
def test_what_records_would_clip_is_counted(video, tmp_path, saturation, share):
    """u is 1.5 px nearly everywhere."""
    recipe = FlowRecipe(saturation=saturation)
    done = run(video, tmp_path / "f.npy", recipe)
    flow = np.load(tmp_path / "f.npy")
    outside = (np.abs(flow) > saturation).any(axis=-1).mean()
    assert done.clipped == pytest.approx(outside)
    assert share[0] <= done.clipped <= share[1]


@pytest.mark.parametrize("rate", [25, 10])
def test_what_made_it_is_written_beside_it(tmp_path, rate):
    video = make_video(tmp_path / "a.mp4", 5, rate=rate)
    run(video, tmp_path / "f.npy", FlowRecipe(warps=2))
    told = json.loads((tmp_path / "f.npy.json").read_text())
    identity = {
        "flow": vars(FlowRecipe(warps=2)),
        "short_side": 32,
        "frame_rate": float(rate),
        "codec": "png-uint8-zero128-range127",
        "library": f"d3d_tf tvl1 3, numba {numba.__version__}",
    }
    assert told["video"] == str(video)
    assert told["flow"] == identity
    assert told["flow_recipe"] == config.digest(identity)


def test_it_is_comparable_with_records_of_that_size_and_rate(tmp_path):
    """The identity is that which `flow_identity` gives to records."""
    video = make_video(tmp_path / "a.mp4", 3)
    run(video, tmp_path / "f.npy")
    told = json.loads((tmp_path / "f.npy.json").read_text())
    data = DataRecipe(short_side=32, frame_rate=25.0)
    library = f"d3d_tf tvl1 3, numba {numba.__version__}"
    assert told["flow"] == config.flow_identity(FlowRecipe(), data, library)


def truncated(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def truncated_with_its_index(path):
    """Its index comes first, so it can be opened, and breaks off later."""
    content = path.read_bytes()
    other = path.with_name("whole.mp4")
    other.write_bytes(content)
    with (
        av.open(str(other)) as source,
        av.open(str(path), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = source.streams.video[0]
        copy = (
            target.add_stream_from_template(stream)
            if hasattr(target, "add_stream_from_template")
            else target.add_stream(template=stream)
        )
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    other.unlink()
    truncated(path)


def text(path):
    path.write_text("no video")


def empty(path):
    path.write_bytes(b"")


def gone(path):
    path.unlink()


@pytest.mark.parametrize(
    "damage", [truncated, truncated_with_its_index, text, empty, gone]
)
def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(tmp_path, damage):
    video = make_video(tmp_path / "a.mp4", 40, 96, 128)
    damage(video)
    (tmp_path / "out").mkdir()
    with pytest.raises(UnreadableVideo):
        run(video, tmp_path / "out" / "f.npy", FlowRecipe(algorithm="dis"))
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interruption_leaves_what_was_there(video, tmp_path, monkeypatch):
    """The flow of another recipe, and of this one no trace."""
    out = tmp_path / "f.npy"
    run(video, out, FlowRecipe(algorithm="dis"))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    for target in ("tvl1_flow", "os.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(
                f"d3d_tf.tfrecords.flow.whole_video.{target}", interrupt
            )
            with pytest.raises(KeyboardInterrupt):
                run(video, out)
        after = {path: path.read_bytes() for path in tmp_path.iterdir()}
        assert after == before


def test_a_full_disk_is_an_error_and_no_signal(video, tmp_path, small_disk):
    """35 x 32 x 48 x 2 numbers of 4 bytes do not fit into 200 kB.

    By a process of its own, as a mapped file without room ended it.
    """
    disk = small_disk("size=200k")
    words = [sys.executable, "-m", "d3d_tf.tfrecords.flow", video]
    done = subprocess.run(
        [*map(str, words), f"--out={disk}/flow.npy", "--short_side=32"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done
    assert done.stderr.splitlines()[-1].startswith(
        f"error: {disk}/flow.npy cannot be written: No space left on device; "
        "it needs about 430 kB, "
    )
    assert os.listdir(disk) == []
