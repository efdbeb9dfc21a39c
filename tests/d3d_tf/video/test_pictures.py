"""Pixels as a player shows them: bits, grey, alpha, fields, turns, aspects."""

import json
from fractions import Fraction

import av
import numpy as np
import pytest

from d3d_tf.video.opening import opened
from d3d_tf.video.pictures import pixel_aspect, scaled
from d3d_tf.video.reading import first_frame_size, frames_of, read_video
from d3d_tf.video.timing import timed_frames
from tests.d3d_tf.video.encoding import (
    decode,
    encode,
    ffmpeg_frames,
    needs_ffmpeg,
    numbered,
    ramp,
)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "tolerance"),
    [
        # 8-bit YUV costs up to 3 levels, a lossy codec some more.
        ("a.mp4", "h264", "yuv420p", 12),
        ("a.mkv", "h264", "yuv444p", 12),
        ("a.webm", "libvpx-vp9", "yuv420p", 14),
        ("a.webm", "libvpx", "yuv420p", 14),
        ("a.avi", "mpeg4", "yuv420p", 30),
        ("a.mkv", "ffv1", "yuv420p", 6),
        # Ten bits, lossless: rounded to eight, half a level and YUV's.
        ("a.mkv", "ffv1", "yuv420p10le", 6),
        ("a.mp4", "h264", "yuv420p10le", 12),
        ("a.mov", "prores_ks", "yuv422p10le", 10),
        # No loss at all.
        ("a.mov", "qtrle", "rgb24", 0),
        ("a.mov", "png", "rgb24", 0),
    ],
)
def test_containers_codecs_and_bits(tmp_path, name, codec, pix_fmt, tolerance):
    pixels = ramp()
    path = encode(tmp_path / name, codec, pixels, pix_fmt)
    decoded = decode(path)
    assert decoded.shape == pixels.shape and decoded.dtype == np.uint8
    error = np.abs(decoded.astype(int) - pixels)
    assert error.max() <= tolerance
    assert error.mean() <= tolerance / 3


@pytest.mark.parametrize("number", range(5))
def test_sizes_are_those_of_mmaction2(goldens, number):
    """Its Resize to a short side (goldens/dnr, section 7)."""
    path = goldens / "dnr" / "sampling.json"
    case = json.loads(path.read_text())["rescale"][number]
    height, width = case["height"], case["width"]
    pixels = np.zeros([height, width, 3], np.uint8)
    found = scaled(pixels, height, width, case["short_side"]).shape
    assert found == (case["new_height"], case["new_width"], 3)


@pytest.mark.parametrize("pix_fmt", ["gray", "gray10le"])
def test_grey_becomes_three_equal_channels(tmp_path, pix_fmt):
    """FFV1 keeps levels, and grey is of full range (0 black, 255 white)."""
    levels = np.arange(0, 256, 4, dtype=np.uint8)
    pixels = np.tile(levels[:, None], (3, 32, 1, 1))
    decoded = decode(encode(tmp_path / "a.mkv", "ffv1", pixels, pix_fmt))
    assert decoded.shape == (3, 32, 64, 3)
    np.testing.assert_array_equal(decoded.min(-1), decoded.max(-1))
    assert np.abs(decoded[..., 0].astype(int) - pixels[..., 0]).max() <= 1


@pytest.mark.parametrize("size", [(33, 47), (47, 33), (17, 64)])
def test_odd_sizes(tmp_path, size):
    pixels = ramp(*size)
    path = encode(tmp_path / "a.mkv", "ffv1", pixels, "yuv420p")
    assert first_frame_size(path) == size
    decoded = decode(path)
    assert decoded.shape == pixels.shape
    assert np.abs(decoded.astype(int) - pixels).mean() <= 3
    video = read_video(path, frame_rate=25, short_side=16, max_seconds=9)
    assert min(video.frames.shape[1:3]) == 16


@pytest.mark.parametrize("codec", ["qtrle", "png"])
def test_alpha_is_dropped(tmp_path, codec):
    """The colour under it stays, whether it is opaque or not."""
    colour = ramp()
    alpha = np.broadcast_to(np.arange(0, 256, 4)[:, None], (5, 48, 64, 1))
    pixels = np.concatenate([colour, alpha], axis=-1).astype(np.uint8)
    pix_fmt = {"qtrle": "argb", "png": "rgba"}[codec]
    path = encode(tmp_path / "a.mov", codec, pixels, pix_fmt)
    with opened(path) as (_, stream):
        assert "a" in stream.codec_context.pix_fmt
    np.testing.assert_array_equal(decode(path), colour)


def test_alpha_of_vp9_is_dropped(tmp_path):
    alpha = np.full((5, 48, 64, 1), 90, np.uint8)
    pixels = np.concatenate([ramp(), alpha], axis=-1)
    path = encode(tmp_path / "a.webm", "libvpx-vp9", pixels, "yuva420p")
    assert np.abs(decode(path).astype(int) - ramp()).mean() <= 5


INTERLACED = [
    ("a.mpg", "mpeg2video", {"flags": "+ilme+ildct", "b": "4000000"}),
    ("a.mp4", "libx264", {"x264-params": "tff=1", "crf": "4"}),
]


def interlaced(path, codec, options, *, count=6):
    """A bar that moves by 2 pixels from field to field (4 per frame)."""
    pixels = np.full((count, 64, 64, 3), 40, np.uint8)
    for k in range(count):
        for row in range(64):
            left = 8 + 4 * k + 2 * (row % 2)
            pixels[k, row, left : left + 12] = 220
    return pixels, encode(path, codec, pixels, "yuv420p", options=options)


@pytest.mark.parametrize(("name", "codec", "options"), INTERLACED)
def test_interlaced_frames_have_no_combs(tmp_path, name, codec, options):
    """Left and right edge of the bar were 2 pixels apart in even, odd rows."""
    pixels, path = interlaced(tmp_path / name, codec, options)
    combs = np.abs(np.diff(pixels[..., 0].astype(int), axis=1))
    assert combs.max() == 180
    with av.open(str(path)) as file:
        stored = [f for f in file.decode(video=0)]
        assert all(f.interlaced_frame for f in stored)
        raw = np.stack([f.to_ndarray(format="rgb24") for f in stored])
    assert np.abs(np.diff(raw[..., 0].astype(int), axis=1)).max() > 120
    shown = decode(path)
    assert len(shown) == len(pixels)
    # Away from the picture's edges, where there is no other field.
    inner = shown[1:-1, 8:-8, :, 0].astype(int)
    assert np.abs(np.diff(inner, axis=1)).max() < 40
    # The bar is where one of the fields shows it, the same one every time:
    # that begins at 8 + 4 k (even rows) or 10 + 4 k.
    lefts = np.argmax(inner[:, 20] > 130, axis=-1)
    offsets = lefts - 4 * np.arange(1, len(pixels) - 1)
    assert (np.abs(offsets - 8) <= 1).all() or (np.abs(offsets - 10) <= 1).all()


@pytest.mark.parametrize(("name", "codec", "options"), INTERLACED)
def test_interlaced_frames_keep_their_times(tmp_path, name, codec, options):
    _, path = interlaced(tmp_path / name, codec, options)
    with opened(path) as (container, stream):
        times = [t for t, _, _ in timed_frames(container, stream)]
    np.testing.assert_allclose(np.diff(times), 0.04, atol=1e-4)
    assert len(times) == 6


def test_progressive_frames_are_not_touched(tmp_path):
    """A comb that is really there (a fence) stays."""
    pixels = np.zeros((3, 48, 64, 3), np.uint8)
    pixels[:, ::2] = 200
    path = encode(tmp_path / "a.mkv", "ffv1", pixels, "bgr0")
    np.testing.assert_array_equal(decode(path), pixels)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_rotation(tmp_path, turn):
    """A white left half, turned counter-clockwise by so many degrees.

    The matrix of the `tkhd` box (ISO 14496-12, 8.3.2) is that of a clockwise
    turn; its fixed-point numbers are 1 and -1 in 16.16, 1 in 2.30.
    """
    pixels = np.zeros((3, 32, 64, 3), np.uint8)
    pixels[:, :, :32] = 220
    path = encode(tmp_path / "a.mp4", "h264", pixels, "yuv420p")
    one, minus, zero = b"\0\1\0\0", b"\xff\xff\0\0", bytes(4)
    a, b, c, d = {
        0: (one, zero, zero, one),
        90: (zero, minus, one, zero),
        180: (minus, zero, zero, minus),
        270: (zero, one, minus, zero),
    }[turn]
    content = path.read_bytes()
    upright_ = one + 3 * zero + one + 3 * zero + b"\x40\0\0\0"
    place = content.index(upright_, content.index(b"tkhd"))
    turned = a + b + zero + c + d + 3 * zero + b"\x40\0\0\0"
    path.write_bytes(content[:place] + turned + content[place + len(turned) :])
    expected = np.rot90(pixels[0, ..., 0], turn // 90)
    shown = decode(path)
    assert shown.shape[1:3] == expected.shape == first_frame_size(path)
    assert np.abs(shown[0, ..., 0].astype(int) - expected).mean() < 12


IDENTITY = np.array([65536, 0, 0, 0, 65536, 0, 0, 0, 2**30])


def with_matrix(path, a, b, c, d):
    """The same MP4 with another display matrix (ISO 14496-12, 8.3.2)."""
    content = path.read_bytes()
    matrix = IDENTITY.copy()
    matrix[[0, 1, 3, 4]] = np.multiply([a, b, c, d], 65536)
    place = content.index(
        IDENTITY.astype(">i4").tobytes(), content.index(b"tkhd")
    )
    end = place + 36
    other = path.with_name("turned.mp4")
    other.write_bytes(
        content[:place] + matrix.astype(">i4").tobytes() + content[end:]
    )
    return other


# What becomes of a picture's corners (red, green; blue, yellow), by hand: a
# stored place (x, y) is shown at (a x + c y, b x + d y).
TURNS = {
    (1, 0, 0, 1): "rg by",
    (-1, 0, 0, 1): "gr yb",  # Left and right exchanged.
    (1, 0, 0, -1): "by rg",  # Up and down exchanged.
    (-1, 0, 0, -1): "yb gr",
    (0, 1, -1, 0): "br yg",  # A quarter clockwise.
    (0, -1, 1, 0): "gy rb",
    (0, 1, 1, 0): "rb gy",  # Exchanged along the diagonal.
    (0, -1, -1, 0): "yg br",
}
COLOURS = {"r": (200, 40, 40), "g": (40, 180, 40)}
COLOURS |= {"b": (40, 40, 200), "y": (200, 200, 40)}


def corners(picture):
    """The colours' letters in the corners, row by row."""

    def letter(pixel):
        return min(
            COLOURS,
            key=lambda name: np.abs(pixel - np.array(COLOURS[name])).sum(),
        )

    return " ".join(
        "".join(letter(picture[y, x].astype(int)) for x in (3, -4))
        for y in (3, -4)
    )


def four_colours(count=3):
    """Without the bits on top: the colours fill the picture."""
    pixels = numbered(0, count, 64, 96)
    pixels[:, :16] = pixels[:, 16:17]
    return pixels


@pytest.mark.parametrize("matrix", TURNS)
def test_turns_and_mirrors(tmp_path, matrix):
    path = encode(tmp_path / "a.mp4", "h264", four_colours(), "yuv420p")
    turned = with_matrix(path, *matrix)
    shown = decode(turned)[1]
    assert corners(shown) == TURNS[matrix]
    assert shown.shape[:2] == first_frame_size(turned)


@needs_ffmpeg
@pytest.mark.parametrize("matrix", TURNS)
def test_turns_and_mirrors_are_ffmpegs(tmp_path, matrix):
    path = encode(tmp_path / "a.mp4", "h264", four_colours(), "yuv420p")
    turned = with_matrix(path, *matrix)
    theirs = ffmpeg_frames(turned)[1]
    difference = np.abs(decode(turned)[1].astype(int) - theirs)
    assert difference.max() <= 2


def with_aspect(path, numerator, denominator, matrix=(1, 0, 0, 1)):
    """An H.264 file whose pixels are so many times as wide as high."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("h264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.sample_aspect_ratio = Fraction(numerator, denominator)
        for pixels in four_colours():
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return with_matrix(path, *matrix)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        ((1, 1), (64, 96)),
        ((4, 3), (64, 128)),  # 96 * 4 / 3.
        ((3, 4), (64, 72)),
        ((64, 45), (64, 137)),  # 136.5, of wide PAL.
        ((1000, 1), (64, 96)),  # An error: 1500 times as wide as high.
        ((201, 200), (64, 96)),  # An encoder's rounding.
    ],
)
def test_pixels_become_square(tmp_path, aspect, size):
    path = with_aspect(tmp_path / "a.mp4", *aspect)
    assert first_frame_size(path) == size
    (first, *_) = frames_of(path, 64)
    assert first.shape[:2] == size
    assert corners(first) == "rg by"
    assert first_frame_size(path, square_pixels=False) == (64, 96)
    given = {"frame_rate": 25, "max_seconds": 9, "square_pixels": False}
    kept = read_video(path, short_side=64, **given).frames
    assert kept.shape[1:3] == (64, 96)


def test_pixels_of_a_turned_video_become_square(tmp_path):
    """Stored 96 x 64 with pixels of 4:3, shown 64 wide and 128 high."""
    path = with_aspect(tmp_path / "a.mp4", 4, 3, (0, 1, -1, 0))
    assert first_frame_size(path) == (128, 64)
    video = read_video(path, frame_rate=25, short_side=32, max_seconds=9)
    assert video.frames.shape[1:3] == (64, 32)
    assert corners(video.frames[1]) == "br yg"


def test_the_aspect_of_a_file_that_does_not_say(tmp_path):
    path = encode(tmp_path / "a.mkv", "ffv1", ramp(), "yuv420p")
    with opened(path) as (_, stream):
        assert pixel_aspect(stream) == 1
