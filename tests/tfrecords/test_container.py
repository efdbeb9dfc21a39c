"""What cameras, editors and browsers write, encoded here by FFmpeg itself."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from d3d_tf.tfrecords.container import (
    LARGEST_PICTURE,
    UnreadableVideo,
    opened,
    timed_frames,
    upright,
)
from d3d_tf.tfrecords.video import first_frame_size, read_video


def encode(path, codec, pixels, pix_fmt, *, options=None, times=None, **muxer):
    """Encodes `[time, height, width, channels]` at 25 fps, or in given ms.

    Pixels are in `pix_fmt` if its name is that of an array's format.
    """
    with av.open(str(path), "w", **muxer) as file:
        stream = file.add_stream(
            codec, rate=25 if times is None else 1000, options=options or {}
        )
        stream.height, stream.width = pixels.shape[1:3]
        stream.pix_fmt = pix_fmt
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for k, picture in enumerate(pixels):
            own = {1: "gray", 3: "rgb24", 4: "rgba"}[picture.shape[-1]]
            array = picture[..., 0] if own == "gray" else picture
            frame = av.VideoFrame.from_ndarray(array, format=own)
            frame = frame.reformat(format=pix_fmt)
            if times is not None:
                frame.pts, frame.time_base = times[k], Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def decode(path):
    with opened(path) as (container, stream):
        frames = [upright(f) for _, _, f in timed_frames(container, stream)]
    return np.stack(frames)


def ramp(height=48, width=64, count=5):
    """`[count, height, width, 3]`, smooth; a frame is brighter by 4."""
    y, x = np.mgrid[:height, :width]
    colours = np.stack([2 * x + 40, 2 * y + 50, x + y + 40], axis=-1)
    return (colours + 4 * np.arange(count)[:, None, None, None]).astype(
        np.uint8
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


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.mp4"])
def test_a_variable_frame_rate(tmp_path, name):
    """Shown at 0, 40, 200, 240 ms; output at 40 k ms: 0 1 1 1 1 2 3."""
    codec = "libvpx-vp9" if name == "a.webm" else "h264"
    pixels = np.stack([np.full((32, 48, 3), 40 + 40 * k) for k in range(4)])
    path = encode(
        tmp_path / name,
        codec,
        pixels.astype(np.uint8),
        "yuv420p",
        times=[0, 40, 200, 240],
    )
    video = read_video(path, frame_rate=25, short_side=32, max_seconds=9)
    shown = np.rint((video.frames.mean(axis=(1, 2, 3)) - 40) / 40).astype(int)
    assert shown[:7].tolist() == [0, 1, 1, 1, 1, 2, 3]


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


def test_a_wrong_suffix_does_not_matter(tmp_path):
    path = encode(tmp_path / "a.mp4", "h264", ramp(), "yuv420p")
    for name in ("b.avi", "b.webm", "b.txt", "b"):
        other = tmp_path / name
        other.write_bytes(path.read_bytes())
        np.testing.assert_array_equal(decode(other), decode(path))


def test_a_name_with_a_colon_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("ucf:101")
    encode(tmp_path / "a.mp4", "h264", ramp(), "yuv420p")
    os.rename("a.mp4", "ucf:101/#a%d (b).mp4")
    assert len(decode("ucf:101/#a%d (b).mp4")) == 5


def test_a_title_in_an_old_encoding_is_no_reason(tmp_path):
    path = encode(
        tmp_path / "a.mkv",
        "h264",
        ramp(),
        "yuv420p",
        metadata_encoding="latin-1",
    )
    with av.open(str(path), metadata_encoding="latin-1") as file:
        assert file.streams.video
    content = path.read_bytes().replace(b"Lavf", b"L\xe9vf")
    path.write_bytes(content)
    assert len(decode(path)) == 5


def audio_only(path):
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=44100)
        silence = np.zeros((1, 4096), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, "fltp", "mono")
        frame.sample_rate = 44100
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def picture(path):
    import cv2

    cv2.imwrite(str(path.with_suffix(".jpg")), ramp()[0])
    os.rename(path.with_suffix(".jpg"), path)


def playlist(path):
    """It names a file that exists and must not be read through it."""
    other = encode(path.with_name("other.ts"), "h264", ramp(), "yuv420p")
    path.write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
        f"{other.name}\n#EXT-X-ENDLIST\n"
    )


def concat(path):
    other = encode(path.with_name("other.mp4"), "h264", ramp(), "yuv420p")
    path.write_text(f"ffconcat version 1.0\nfile {other.name}\n")


def huge_pictures(path):
    """7000 x 7000, 49 million pixels, in 25 KB."""
    blank = np.zeros((1, 7000, 7000, 1), np.uint8)
    encode(path, "png", blank, "gray", format="mov")


def long_pictures(path):
    blank = np.zeros((1, 16, 160, 3), np.uint8)
    encode(path, "h264", blank, "yuv420p", format="mp4")


def text(path):
    path.write_text("a note\n" * 100)


def zeros(path):
    with open(path, "wb") as file:
        file.truncate(2**40)  # A terabyte, no block of it on disk.


def pipe(path):
    os.mkfifo(path)


def dangling(path):
    path.symlink_to(path.with_name("not there"))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (text, "cannot be decoded: Invalid data"),
        (Path.touch, "empty file"),
        (Path.mkdir, "cannot be decoded: Is a directory"),
        (audio_only, "no video stream in the file"),
        (picture, r"a picture \(jpeg\)"),
        (playlist, "no video but a file of the format 'hls'|cannot be decoded"),
        (concat, "no video but a file of the format|cannot be decoded"),
        (huge_pictures, "million pixels"),
        (long_pictures, "pictures of 160 x 16: one side is more than 8"),
        (zeros, "cannot be decoded"),
        (pipe, "no regular file"),
        (dangling, "cannot be decoded: No such file"),
    ],
)
def test_what_is_no_video_is_told_in_a_line(tmp_path, make, reason):
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises(UnreadableVideo, match=reason) as caught:
        decode(path)
    assert "\n" not in str(caught.value)


def test_a_device_is_no_video():
    with pytest.raises(UnreadableVideo, match="no regular file"):
        decode("/dev/zero")


def test_the_largest_picture_is_8k():
    assert 7680 * 4320 < LARGEST_PICTURE < 2 * 7680 * 4320
