"""Flow of other tools, encoded here by their own formulas."""

import cv2
import numpy as np
import pytest

from d3d_tf import schema
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.flow.codecs import CODECS, decode_codes, import_flow

BOUNDS = (5.0, 15.0, 20.0, 32.0)


def d3d_tf(v, b):
    return 128 + np.rint(127 * np.clip(v / b, -1, 1))


def denseflow(v, b):
    """open-mmlab/denseflow: `convertTo` rounds; so does TSN's dense_flow."""
    return np.rint(255 * (np.clip(v, -b, b) + b) / (2 * b))


def mmaction2(v, b):
    """mmcv.quantize_flow and MARS: the floor, at most 254."""
    levels = np.floor(255 * (np.clip(v, -b, b) + b) / (2 * b))
    return np.minimum(levels, 254)


# Encoder, step in units of the bound.
PICTURES = {
    "d3d_tf": (d3d_tf, 1 / 127),
    "denseflow": (denseflow, 2 / 255),
    "dense_flow": (denseflow, 2 / 255),
    "mmaction2": (mmaction2, 2 / 255),
    "mars": (mmaction2, 2 / 255),
}


def many(bound):
    """`[20001, 2]`, every component from -bound to bound."""
    v = np.linspace(-bound, bound, 20_001)
    return np.stack([v, v[::-1]], axis=-1)


def encoded(codec, flow, bound):
    codes = PICTURES[codec][0](flow, bound)
    assert codes.min() >= 0 and codes.max() <= 255
    return np.uint8(codes)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("codec", PICTURES)
def test_the_error_is_at_most_half_a_step(codec, bound):
    flow = many(bound)
    found = decode_codes(encoded(codec, flow, bound), codec, bound)
    assert found.shape == flow.shape and found.dtype == np.float32
    half = PICTURES[codec][1] * bound / 2
    error = np.abs(found - flow)
    assert error.max() <= half * 1.001
    # No better decoder is possible: the worst error is half a step.
    assert error.max() >= half * 0.99


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("codec", ["d3d_tf", "mmaction2", "mars"])
def test_stillness_is_exactly_zero(codec, bound):
    codes = encoded(codec, np.zeros((3, 4, 5, 2)), bound)
    assert (decode_codes(codes, codec, bound) == 0).all()


@pytest.mark.parametrize("codec", ["denseflow", "dense_flow"])
def test_stillness_is_half_a_step_where_the_tool_left_it_there(codec):
    """127.5 was rounded to 128: 0.5 * 2 * 20 / 255 px."""
    codes = encoded(codec, np.zeros((1, 2)), 20.0)
    found = decode_codes(codes, codec, 20.0)
    np.testing.assert_allclose(found, 20 / 255, rtol=1e-5)


@pytest.mark.parametrize(
    ("codec", "code", "pixels"),
    [
        ("d3d_tf", 255, 20.0),
        ("d3d_tf", 1, -20.0),
        ("denseflow", 255, 20.0),
        ("denseflow", 0, -20.0),
        ("dense_flow", 255, 20.0),
        # The step that begins at -20 has its middle at -20 + 20 / 255.
        ("mmaction2", 0, -20 * 254 / 255),
        ("mars", 254, 20 * 254 / 255),
        ("i3d", 0.5, 10.0),
        ("i3d", -1.0, -20.0),
        ("pixels", 3.25, 3.25),
    ],
)
def test_vectors_by_hand(codec, code, pixels):
    found = decode_codes(np.array([[code, code]]), codec, 20.0)
    np.testing.assert_allclose(found, [[pixels, pixels]], rtol=1e-5)


def test_ours_is_the_codec_of_the_records():
    flow = many(20.0)
    codes = encoded("d3d_tf", flow, 20.0)
    np.testing.assert_array_equal(
        codes, schema.encode_flow(flow.astype(np.float32), 20.0)[:, :2]
    )
    np.testing.assert_allclose(
        decode_codes(codes, "d3d_tf", 20.0),
        schema.decode_flow(codes, 20.0),
        rtol=1e-6,
    )


def test_pixels_have_no_bound():
    flow = many(100.0).astype(np.float32)
    np.testing.assert_array_equal(decode_codes(flow, "pixels", 3.0), flow)


def test_an_unknown_codec_is_answered_with_those_there_are():
    with pytest.raises(UserError, match="'tvl1'") as caught:
        decode_codes(np.zeros((1, 2)), "tvl1")
    for name in CODECS:
        assert name in str(caught.value)


# ------------------------------------------------------------------- files


def codes_of(pairs, height=12, width=14):
    """`[pairs, height, width, 2]`: u tells the pair, v is another."""
    codes = np.zeros((pairs, height, width, 2), np.uint8)
    codes[..., 0] = 10 * np.arange(pairs)[:, None, None] + 20
    codes[..., 1] = 255 - codes[..., 0]
    codes[:, :3] = 128
    return codes


def write_pictures(folder, codes, names=("flow_x_{:05d}", "flow_y_{:05d}")):
    folder.mkdir(exist_ok=True)
    for k, pair in enumerate(codes):
        for name, part in zip(names, np.moveaxis(pair, -1, 0), strict=True):
            cv2.imwrite(str(folder / f"{name.format(k + 1)}.png"), part)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ("flow_x_{:05d}", "flow_y_{:05d}"),
        ("x_{:05d}", "y_{:05d}"),
        ("u_{}", "v_{}"),
        ("x{:04d}", "y{:04d}"),
        ("flow_x{}", "flow_y{}"),
        ("box_3_x_{}", "box_3_y_{}"),
    ],
)
def test_a_folder_of_pictures(tmp_path, names):
    """12 pairs, in the order of their numbers: 2 comes before 10."""
    codes = codes_of(12)
    write_pictures(tmp_path / "a", codes, names)
    (tmp_path / "a" / "img_00001.jpg").write_text("not looked at")
    found = import_flow(tmp_path / "a", "d3d_tf", 12.7)
    np.testing.assert_allclose(found, (codes - 128.0) / 10, atol=1e-5)


def test_jpeg_pictures_as_most_tools_write_them(tmp_path):
    """Constant 8 x 8 blocks survive JPEG to the unit."""
    codes = np.kron(codes_of(2, 2, 3), np.ones((1, 8, 8, 1)))
    for k, pair in enumerate(np.uint8(codes)):
        for axis, part in zip("xy", np.moveaxis(pair, -1, 0), strict=True):
            path = tmp_path / f"flow_{axis}_{k + 1:05d}.jpg"
            cv2.imwrite(str(path), part, [cv2.IMWRITE_JPEG_QUALITY, 95])
    found = import_flow(tmp_path, "denseflow", 20.0)
    assert found.shape == (2, 16, 24, 2)
    expected = (codes - 127.5) * 40 / 255
    np.testing.assert_allclose(found, expected, atol=1.01 * 40 / 255)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_an_array(tmp_path, dtype):
    flow = np.linspace(-1, 1, 2 * 4 * 5 * 2).reshape(2, 4, 5, 2).astype(dtype)
    np.save(tmp_path / "flow.npy", flow)
    found = import_flow(str(tmp_path / "flow.npy"), "i3d", 20.0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 20 * flow.astype(float), rtol=1e-6)


def refusal(path, codec="denseflow"):
    """The one line that answers it."""
    with pytest.raises(UserError) as caught:
        import_flow(path, codec)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_picture_without_its_partner(tmp_path):
    folder = write_pictures(tmp_path / "a", codes_of(3))
    (folder / "flow_y_00002.png").unlink()
    assert "flow_y_00002.png is missing or no picture" in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"no picture"])
@pytest.mark.parametrize("name", ["flow_x_00001.png", "flow_y_00003.png"])
def test_a_damaged_picture(tmp_path, name, content):
    folder = write_pictures(tmp_path / "a", codes_of(3))
    (folder / name).write_bytes(content)
    assert f"{name} is missing or no picture" in refusal(folder)


def test_pictures_of_two_sizes(tmp_path):
    folder = write_pictures(tmp_path / "a", codes_of(3))
    cv2.imwrite(str(folder / "flow_y_00002.png"), np.zeros((5, 6), np.uint8))
    assert str(folder) in refusal(folder)


def test_a_folder_without_flow(tmp_path):
    (tmp_path / "img_00001.jpg").touch()
    text = refusal(tmp_path)
    assert str(tmp_path) in text and "flow_x_00001.jpg" in text


@pytest.mark.parametrize(
    "shape", [(4, 5, 2), (2, 4, 5, 3), (2, 2, 4, 5), (2, 4, 5, 2, 1)]
)
def test_an_array_of_another_shape(tmp_path, shape):
    np.save(tmp_path / "flow.npy", np.zeros(shape))
    text = refusal(tmp_path / "flow.npy", "pixels")
    assert str(shape) in text and "[pairs, height, width, 2]" in text


@pytest.mark.parametrize("content", [b"", b"no array"])
def test_a_file_that_is_no_array(tmp_path, content):
    path = tmp_path / "flow.npy"
    path.write_bytes(content)
    assert f"{path} is not an .npy file" in refusal(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_array_with_values_that_are_no_motion(tmp_path, bad):
    flow = np.zeros((2, 4, 5, 2), np.float32)
    flow[1, 2, 3, 1] = bad
    path = tmp_path / "flow.npy"
    np.save(path, flow)
    assert "not finite" in refusal(path, "pixels")


def test_an_archive_of_arrays(tmp_path):
    path = tmp_path / "flow.npz"
    np.savez(path, flow=np.zeros((1, 4, 5, 2)))
    assert f"{path}" in refusal(path)


def test_nothing_there(tmp_path):
    assert "none is missing" in refusal(tmp_path / "none")
