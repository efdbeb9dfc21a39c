"""A record is read back with other decoders: TensorFlow's and Pillow's."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from d3d_tf import schema
from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.tfrecords.example import encode_example
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.tfrecords.listing import Source
from d3d_tf.video.reading import Video

SOURCE = Source("train/über/1.mp4", "/v/über/1.mp4", 2, "über", "train")
DATA = DataRecipe(short_side=32, frame_rate=12.5)
FLOW = FlowRecipe(warps=1, saturation=4.0)


def make_video(texture, length):
    """Moves by (2, -1) per frame; 80 ms between frames."""
    frames = [texture(32, 40, 2 * t, -t) for t in range(length)]
    times = 80_000 * np.arange(length, dtype=np.int64)
    return Video(np.stack(frames), times, trimmed=False)


def encode(video, data=DATA, flow=FLOW):
    return encode_example(
        video,
        SOURCE,
        dataset_name="my set",
        data=data,
        flow=flow,
        flow_digest="0123456789abcdef",
    )


@pytest.fixture
def video(texture):
    return make_video(texture, 4)


@pytest.fixture
def example(video):
    return tf.train.SequenceExample.FromString(encode(video)[0])


def entries(example, name):
    features = example.feature_lists.feature_list[name].feature
    return [
        (f.bytes_list.value or f.int64_list.value or f.float_list.value)[0]
        for f in features
    ]


def test_the_context_is_that_of_the_contract(example):
    """The end is that of the last frame: 3 * 80 ms + 80 ms."""
    context = {
        key: list(
            feature.bytes_list.value
            or feature.int64_list.value
            or feature.float_list.value
        )
        for key, feature in example.context.feature.items()
    }
    flow = "FORWARD_FLOW/image/"
    name = "über".encode()
    assert context == {
        "example/id": [b"train/" + name + b"/1.mp4"],
        "example/dataset_name": [b"my set"],
        "clip/data_path": [b"train/" + name + b"/1.mp4"],
        "clip/media_id": [b"train/" + name + b"/1.mp4"],
        "clip/label/index": [2],
        "clip/label/string": [name],
        "clip/start/timestamp": [0],
        "clip/end/timestamp": [320_000],
        "image/format": [b"JPEG"],
        "image/channels": [3],
        "image/colorspace": [b"RGB"],
        "image/height": [32],
        "image/width": [40],
        "image/frame_rate": [12.5],
        flow + "format": [b"PNG"],
        flow + "channels": [3],
        flow + "height": [32],
        flow + "width": [40],
        flow + "frame_rate": [12.5],
        flow + "saturation": [4.0],
        "d3d/schema_version": [schema.SCHEMA_VERSION],
        "d3d/flow_recipe": [b"0123456789abcdef"],
        "d3d/last_flow_repeated": [1],
    }


def test_both_streams_have_an_entry_per_frame(example):
    assert sorted(example.feature_lists.feature_list) == [
        "FORWARD_FLOW/image/encoded",
        "FORWARD_FLOW/image/timestamp",
        "image/encoded",
        "image/timestamp",
    ]
    times = [0, 80_000, 160_000, 240_000]
    assert entries(example, "image/timestamp") == times
    assert entries(example, "FORWARD_FLOW/image/timestamp") == times


def test_frames_are_jpeg_of_quality_95(example, video):
    """Pillow's own JPEG of quality 95 has the same quantisation tables."""
    for frame, encoded in zip(
        video.frames, entries(example, "image/encoded"), strict=True
    ):
        picture = Image.open(io.BytesIO(encoded))
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=95)
        own = Image.open(io.BytesIO(buffer.getvalue()))
        assert picture.quantization == own.quantization
        decoded = np.asarray(picture).astype(float)
        assert np.abs(decoded - frame).mean() < 8


def test_red_stays_red():
    frames = np.full((2, 32, 32, 3), (200, 30, 60), np.uint8)
    video = Video(frames, np.array([0, 40_000]), trimmed=False)
    example = tf.train.SequenceExample.FromString(encode(video)[0])
    encoded = entries(example, "image/encoded")[0]
    decoded = tf.io.decode_jpeg(encoded).numpy()
    assert np.abs(decoded.astype(int) - (200, 30, 60)).max() <= 3


def test_flow_is_lossless_and_the_last_is_repeated(example, video):
    """`128 + round(127 flow / 4)` of the flow, by hand; then (u, v, 128)."""
    flow = tvl1_flow(video.frames, FLOW)
    codes = 128 + np.rint(127 * np.clip(flow / 4.0, -1, 1))
    stored = [
        np.asarray(Image.open(io.BytesIO(encoded)))
        for encoded in entries(example, "FORWARD_FLOW/image/encoded")
    ]
    assert len(stored) == 4
    for picture, code in zip(stored, [*codes, codes[-1]], strict=True):
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture[..., :2], code)
        assert (picture[..., 2] == 128).all()
    # And it is the motion: (2, -1) is 128 + 63.5 and 128 - 31.75.
    middle = np.stack(stored)[:, 10:-10, 10:-10, :2].mean(axis=(0, 1, 2))
    np.testing.assert_allclose(middle, [191.5, 96.25], atol=4)


def test_the_same_video_gives_the_same_bytes(texture):
    first, second = (encode(make_video(texture, 3)) for _ in range(2))
    assert first == second


def test_a_single_frame_has_zero_flow(texture):
    record, clipped = encode(make_video(texture, 1))
    example = tf.train.SequenceExample.FromString(record)
    (encoded,) = entries(example, "FORWARD_FLOW/image/encoded")
    assert (np.asarray(Image.open(io.BytesIO(encoded))) == 128).all()
    assert clipped == 0.0


@pytest.mark.parametrize(
    ("saturation", "share"),
    [(20.0, (0, 0)), (0.5, (0.9, 1)), (1.5, (0.5, 1)), (1.0, (0.5, 1))],
)
def test_clipped_vectors_are_counted(video, saturation, share):
    """The motion (2, -1) fits into +- 20, and not into +- 1.5 or less."""
    flow = FlowRecipe(warps=1, saturation=saturation)
    low, high = share
    assert low <= encode(video, flow=flow)[1] <= high


def test_the_quality_is_the_recipes(video):
    sizes = [
        len(encode(video, data=DataRecipe(jpeg_quality=quality))[0])
        for quality in (20, 60, 100)
    ]
    assert sizes == sorted(set(sizes))
