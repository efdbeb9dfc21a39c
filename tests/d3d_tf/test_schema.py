"""The flow codec's laws, over many values; the keys are MediaSequence's."""

import numpy as np
import pytest

from d3d_tf import schema

SATURATIONS = (0.5, 2.0, 20.0, 127.0, 1000.0)


def many(saturation, beyond=1.0):
    """`[100001, 2]` float32, components over +- beyond * saturation."""
    steps = np.linspace(-beyond, beyond, 100_001) * saturation
    return np.stack([steps, steps[::-1]], axis=-1).astype(np.float32)


@pytest.mark.parametrize(
    ("u", "code"),
    [
        (0.0, 128),
        (20.0, 255),  # 128 + 127
        (-20.0, 1),  # 128 - 127
        (10.0, 192),  # 127 / 2 = 63.5, to even: 64
        (-10.0, 64),
        (5.0, 160),  # 127 / 4 = 31.75
        (0.07, 128),  # 0.4445 steps
        (0.08, 129),  # 0.508 steps
        (1e9, 255),
        (-1e9, 1),
    ],
)
def test_codes_by_hand(u, code):
    """`128 + round(127 u / 20)`; v and the third channel stay at 128."""
    codes = schema.encode_flow(np.array([[u, 0.0]], np.float32), 20.0)
    assert codes.tolist() == [[code, 128, 128]]
    codes = schema.encode_flow(np.array([[0.0, u]], np.float32), 20.0)
    assert codes.tolist() == [[128, code, 128]]


@pytest.mark.parametrize(
    ("code", "u"), [(128, 0.0), (255, 20.0), (1, -20.0), (129, 20 / 127)]
)
def test_vectors_by_hand(code, u):
    flow = schema.decode_flow(np.array([[code, 128, 128]], np.uint8), 20.0)
    assert flow.dtype == np.float32
    np.testing.assert_allclose(flow, [[u, 0.0]], rtol=1e-6)


@pytest.mark.parametrize("saturation", SATURATIONS)
def test_zero_is_exactly_zero(saturation):
    zero = np.zeros((2, 3, 4, 2), np.float32)
    codes = schema.encode_flow(zero, saturation)
    assert codes.shape == (2, 3, 4, 3)
    assert (codes == 128).all()
    assert (schema.decode_flow(codes, saturation) == 0.0).all()


@pytest.mark.parametrize("saturation", SATURATIONS)
def test_the_error_is_at_most_half_a_step(saturation):
    flow = many(saturation)
    codes = schema.encode_flow(flow, saturation)
    error = np.abs(schema.decode_flow(codes, saturation) - flow)
    half = saturation / 254
    assert error.max() <= half * (1 + 1e-4)
    # Half a step is reached: a finer code would not be the one promised.
    assert error.max() >= half * 0.99


@pytest.mark.parametrize("saturation", SATURATIONS)
def test_a_flip_is_256_minus_the_code(saturation):
    flow = many(saturation, beyond=1.5)
    codes = schema.encode_flow(flow, saturation)[..., :2].astype(int)
    mirrored = schema.encode_flow(-flow, saturation)[..., :2].astype(int)
    np.testing.assert_array_equal(mirrored, 256 - codes)
    # And for readers: flipped codes decode to exactly the opposite motion.
    every = np.arange(1, 256, dtype=np.uint8)
    every = np.stack([every, every, every], axis=-1)
    np.testing.assert_array_equal(
        schema.decode_flow(256 - every.astype(np.int16), saturation),
        -schema.decode_flow(every, saturation),
    )


@pytest.mark.parametrize("saturation", SATURATIONS)
def test_every_code_is_used_and_survives(saturation):
    codes = schema.encode_flow(many(saturation, beyond=3.0), saturation)
    assert codes.dtype == np.uint8
    assert set(np.unique(codes[..., 0])) == set(range(1, 256))
    assert (codes[..., 2] == 128).all()
    again = schema.encode_flow(
        schema.decode_flow(codes, saturation), saturation
    )
    np.testing.assert_array_equal(again, codes)


@pytest.mark.parametrize("saturation", SATURATIONS)
def test_codes_grow_with_the_flow(saturation):
    codes = schema.encode_flow(many(saturation, beyond=2.0), saturation)
    assert (np.diff(codes[:, 0].astype(int)) >= 0).all()
    assert (np.diff(codes[:, 1].astype(int)) <= 0).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_flow_that_is_not_finite_is_refused(bad):
    flow = np.zeros((4, 4, 2), np.float32)
    flow[2, 3, 1] = bad
    with pytest.raises(ValueError, match="not finite"):
        schema.encode_flow(flow, 20.0)


def test_the_clipped_share_counts_vectors_not_components():
    """Of four vectors the second, third and fourth lie outside: 3 / 4.

    The last is outside in both components and counts once.
    """
    flow = [[20.0, -20.0], [20.1, 0.0], [0.0, -20.1], [30.0, 30.0]]
    assert schema.clipped_share(np.array(flow, np.float32), 20.0) == 0.75


def test_no_vector_is_clipped_where_there_is_none():
    assert schema.clipped_share(np.zeros((0, 8, 8, 2)), 20.0) == 0.0


def test_keys_are_those_of_the_contract():
    """Contract, section 3; other readers look them up by these names."""
    values = {v for k, v in vars(schema).items() if k.isupper()}
    assert {
        "example/id",
        "example/dataset_name",
        "clip/data_path",
        "clip/media_id",
        "clip/label/index",
        "clip/label/string",
        "clip/start/timestamp",
        "clip/end/timestamp",
        "image/format",
        "image/channels",
        "image/colorspace",
        "image/height",
        "image/width",
        "image/frame_rate",
        "image/encoded",
        "image/timestamp",
        "FORWARD_FLOW/",
        "FORWARD_FLOW/image/saturation",
        "d3d/schema_version",
    } <= values


def test_flow_follows_the_size_of_its_frames():
    """10 x 20 to 20 x 30: what moved 3 right and 2 up moves 4.5 and 4."""
    flow = np.tile(np.float32([3, -2]), [2, 10, 20, 1])
    resized = schema.resize_flow(flow, 20, 30)
    assert resized.shape == (2, 20, 30, 2)
    np.testing.assert_allclose(resized[..., 0], 4.5, rtol=1e-6)
    np.testing.assert_allclose(resized[..., 1], -4, rtol=1e-6)
