"""Which files are videos, which of their streams, and why others are not."""

import os
from pathlib import Path

import av
import numpy as np
import pytest

from d3d_tf.video.opening import LARGEST_PICTURE, UnreadableVideo
from d3d_tf.video.reading import first_frame_size, frames_of
from tests.d3d_tf.video.encoding import (
    audio_only,
    decode,
    encode,
    numbered,
    numbers_of,
    ramp,
)


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
        (
            playlist,
            "not a video but a file of the format 'hls'|cannot be decoded",
        ),
        (concat, "not a video but a file of the format|cannot be decoded"),
        (huge_pictures, "million pixels"),
        (long_pictures, "pictures of 160 x 16: one side is more than 8"),
        (zeros, "cannot be decoded"),
        (pipe, "not a regular file"),
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
    with pytest.raises(UnreadableVideo, match="not a regular file"):
        decode("/dev/zero")


def test_the_largest_picture_is_8k():
    assert 7680 * 4320 < LARGEST_PICTURE < 2 * 7680 * 4320


def several(path, *streams, disposition=()):
    """A file of H.264 streams `(first number, height, width, frames)`."""
    with av.open(str(path), "w") as file:
        made = []
        for number, (_, height, width, _) in enumerate(streams):
            stream = file.add_stream("h264", rate=25)
            stream.height, stream.width = height, width
            stream.pix_fmt = "yuv420p"
            if disposition:
                stream.disposition = disposition[number]
            made.append(stream)
        for stream, (first, height, width, count) in zip(
            made, streams, strict=True
        ):
            for pixels in numbered(first, count, height, width):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    return path


DEFAULT = av.stream.Disposition.default
NONE = av.stream.Disposition(0)
SMALL, LARGE = (0, 32, 40, 30), (100, 48, 64, 30)


@pytest.mark.parametrize(
    ("streams", "disposition", "size"),
    [
        ((SMALL, LARGE), (NONE, DEFAULT), (48, 64)),
        ((SMALL, LARGE), (NONE, NONE), (48, 64)),
        ((SMALL, LARGE), (DEFAULT, DEFAULT), (48, 64)),
        ((LARGE, SMALL), (NONE, DEFAULT), (32, 40)),
        ((LARGE, SMALL), (NONE, NONE), (48, 64)),
    ],
)
def test_the_default_stream_or_the_largest(
    tmp_path, streams, disposition, size
):
    path = several(tmp_path / "a.mkv", *streams, disposition=disposition)
    assert first_frame_size(path) == size
    first = {32: 0, 48: 100}[size[0]]
    shown = numbers_of(list(frames_of(path, size[0])))
    assert shown == list(range(first, first + 30))


def test_a_track_of_one_picture_is_a_cover(tmp_path):
    cover = (200, 96, 128, 1)
    path = several(tmp_path / "a.mp4", cover, LARGE)
    assert first_frame_size(path) == (48, 64)
    assert numbers_of(list(frames_of(path, 48))) == list(range(100, 130))
