"""One record to numbers: what is parsed, and the two scales."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.crops import ClipGeometry
from d3d_tf.data.decode import (
    decode_flow,
    decode_frames,
    flow_factors,
    parse,
    scale_flow,
)
from tests.harness import Video, grey_frames, write_records


def view(*indices, top=0, left=0, size=8, flip=False):
    return ClipGeometry(
        tf.constant(indices),
        tf.constant(top),
        tf.constant(left),
        size,
        tf.constant(flip),
    )


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Three frames of 16 x 24 px: greys 0, 51, 255; u codes 1, 128, 255."""
    frames = grey_frames(
        np.broadcast_to(np.reshape([0, 51, 255], [3, 1, 1]), [3, 2, 3])
    )
    codes = np.empty([3, 16, 24, 2], np.uint8)
    codes[..., 0] = np.reshape([1, 128, 255], [3, 1, 1])
    codes[..., 1] = 128
    codes[:, :, 12:, 1] = 191  # 63/127 of the saturation, right half.
    folder = write_records(
        tmp_path_factory.mktemp("records") / "one",
        [Video("the id", 4, frames, codes)],
        saturation=10.0,
    )
    path = str(folder / "train-00000-of-00001.tfrecord")
    (record,) = tf.data.TFRecordDataset(path)
    return record


def test_parse(record):
    video = parse(record, ("frames", "flow", "id"))
    assert video["id"] == b"the id" and video["label"] == 4
    assert (video["length"], video["height"], video["width"]) == (3, 16, 24)
    assert video["saturation"] == 10.0
    assert video["frames"].shape == video["flow"].shape == [3]


def test_only_what_is_asked_is_parsed(record):
    for stream in ("frames", "flow"):
        video = parse(record, (stream,))
        assert {"frames", "flow"} & video.keys() == {stream}
        assert video["length"] == 3


def test_a_record_without_saturation_has_twenty_pixels(record):
    """Model Garden's and DMVR's records do not know ours."""
    example = tf.train.SequenceExample.FromString(record.numpy())
    del example.context.feature["FORWARD_FLOW/image/saturation"]
    video = parse(example.SerializeToString(), ("flow",))
    assert video["saturation"] == 20.0


def test_frames(record):
    """Greys 255, 0, 51 as they were written."""
    video = parse(record, ("frames",))
    pixels = decode_frames(video["frames"], view(2, 0, 1))
    assert pixels.dtype == tf.uint8 and pixels.shape == [3, 8, 8, 3]
    for frame, value in zip(pixels, (255, 0, 51), strict=True):
        np.testing.assert_array_equal(frame, np.full([8, 8, 3], value))


@pytest.mark.parametrize("encode", ["half", "full", "progressive", "png"])
def test_a_crop_is_that_of_the_whole_picture(encode):
    """Pixel by pixel: at the borders, at and beside blocks of 16, elsewhere.

    The truth is NumPy's crop of the whole decoded picture, which is odd in
    size and of colours that change from pixel to pixel.
    """
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, [45, 61, 3]).astype(np.uint8)
    picture[:, 30:] = picture[:, 30:].mean(axis=-1, keepdims=True)
    encoded = {
        "half": lambda: tf.io.encode_jpeg(picture),
        "full": lambda: tf.io.encode_jpeg(picture, chroma_downsampling=False),
        "progressive": lambda: tf.io.encode_jpeg(picture, progressive=True),
        "png": lambda: tf.io.encode_png(picture),
    }[encode]()
    whole = tf.io.decode_image(encoded, 3).numpy()
    corners = [(0, 0), (45 - 20, 61 - 20), (16, 16), (15, 17), (3, 31), (8, 1)]
    for top, left in corners:
        found = decode_frames(
            encoded[tf.newaxis], view(0, 0, top=top, left=left, size=20)
        )
        expected = whole[top : top + 20, left : left + 20]
        np.testing.assert_array_equal(found, [expected, expected])


@pytest.mark.parametrize("mirror", [False, True])
def test_flow(record, mirror):
    """Saturation 10 px of 20: codes 255, 1, 128 become +-0.5, -+0.5, 0.

    v: code 191 is 63/127 * 0.5, in the right half of the picture; the crop
    holds columns 8..15, of which the last four.
    """
    video = parse(record, ("flow",))
    geometry = view(2, 0, 1, left=8, flip=mirror)
    codes = decode_flow(video["flow"], geometry)
    assert codes.dtype == tf.uint8 and codes.shape == [3, 8, 8, 2]
    flow = scale_flow(codes, flow_factors(video["saturation"], geometry))
    assert flow.dtype == tf.float32 and flow.shape == [3, 8, 8, 2]
    sign = -1 if mirror else 1
    for frame, value in zip(flow, (0.5, -0.5, 0), strict=True):
        np.testing.assert_allclose(
            frame[..., 0], np.full([8, 8], sign * value), rtol=1e-6
        )
    right = np.s_[:, :4] if mirror else np.s_[:, 4:]
    left = np.s_[:, 4:] if mirror else np.s_[:, :4]
    v = flow.numpy()[0, ..., 1]
    assert (v[left] == 0).all()
    np.testing.assert_allclose(v[right], 63 / 254, rtol=1e-6)


def test_a_batch_keeps_each_clips_own_factors():
    """Code 255 is 127 steps: of 1/127 for one clip, of -1/254 for the other."""
    factors = tf.stack([flow_factors(20.0, view(0)), [-1 / 254, 1 / 254]])
    flow = scale_flow(
        tf.fill([2, 1, 3, 3, 2], tf.constant(255, tf.uint8)), factors
    )
    for clip, (u, v) in zip(flow.numpy(), [(1, 1), (-0.5, 0.5)], strict=True):
        np.testing.assert_allclose(clip[..., 0], u, rtol=1e-6)
        np.testing.assert_allclose(clip[..., 1], v, rtol=1e-6)
