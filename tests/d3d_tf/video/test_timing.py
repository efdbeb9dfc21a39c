"""Every decoded frame comes out once, in order, at the right time."""

import itertools

import av
import numpy as np
import pytest

from d3d_tf.video.opening import UnreadableVideo, opened
from d3d_tf.video.reading import frame_times, frames_of, read_video
from d3d_tf.video.timing import Timeline, timed_frames
from tests.d3d_tf.video.encoding import (
    CLIPS,
    encode,
    ffmpeg_frames,
    needs_ffmpeg,
    no_clips,
    numbered,
    numbers_of,
)


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


X264 = {"bf": "3", "g": "12", "crf": "10"}
MPEG4 = {"bf": "2", "g": "12", "qscale": "3", "flags": "+qscale"}
MPEG2 = {"bf": "2", "g": "12", "b": "2000000"}
VPX = {"b": "1000000", "g": "12"}
# Containers with and without times, codecs with and without B-frames.
GRID = [
    *(
        (f"a.{s}", "h264", X264)
        for s in ("mp4", "mkv", "avi", "ts", "flv", "nut")
    ),
    *((f"a.{s}", "h264", {"bf": "0"}) for s in ("mp4", "avi", "ts")),
    *((f"a.{s}", "mpeg4", MPEG4) for s in ("avi", "mp4", "mkv", "nut")),
    ("a.avi", "mpeg4", {"flags": "+qscale"}),
    *((f"a.{s}", "mpeg2video", MPEG2) for s in ("mpg", "ts", "vob", "mkv")),
    *((f"a.{s}", "libvpx", VPX) for s in ("webm", "mkv", "ivf")),
    ("a.webm", "libvpx-vp9", VPX),
    ("a.wmv", "wmv2", {"b": "1000000"}),
    ("a.mov", "mjpeg", {}),
    ("a.gif", "gif", {}),
    # Elementary streams: a rate, no times.
    ("a.h264", "h264", X264),
    ("a.hevc", "libx265", {"x265-params": "log-level=none:bframes=3"}),
    ("a.m2v", "mpeg2video", MPEG2),
    ("a.m4v", "mpeg4", MPEG4 | {"format": "m4v"}),
]
PIXELS = {"a.gif": "rgb8", "a.mov": "yuvj420p"}


def write(folder, name, codec, options, *, count=40, first=0, rate=25):
    """`first` and on, in numbered pictures."""
    options = dict(options)
    muxer = {key: options.pop(key) for key in ("format",) if key in options}
    path = folder / name
    with av.open(str(path), "w", **muxer) as file:
        stream = file.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width = 48, 64
        stream.pix_fmt = PIXELS.get(name, "yuv420p")
        for pixels in numbered(first, count):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            file.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        file.mux(stream.encode(None))
    return path


def read(path, rate=25.0):
    return read_video(path, frame_rate=rate, short_side=48, max_seconds=99)


@pytest.mark.parametrize(("name", "codec", "options"), GRID)
def test_every_frame_once_and_in_order(tmp_path, name, codec, options):
    path = write(tmp_path, name, codec, options)
    video = read(path)
    assert numbers_of(video.frames) == list(range(40))
    assert (video.missing, video.parts) == (0, 1)
    np.testing.assert_allclose(np.diff(frame_times(path)), 0.04, atol=2e-3)


@pytest.mark.parametrize("rate", [10, 15, 24, 30, 50])
@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [g for g in GRID if g[0] in ("a.mkv", "a.gif", "a.m2v", "a.h264", "a.avi")],
)
def test_every_frame_once_at_the_files_own_rate(
    tmp_path, name, codec, options, rate
):
    """Matroska rounds times to milliseconds, GIF to hundredths of a second."""
    if codec == "mpeg2video" and rate in (10, 15):
        pytest.skip("MPEG-2 has no such rate")
    path = write(tmp_path, name, codec, options, rate=rate)
    assert numbers_of(read(path, rate).frames) == list(range(40))


@pytest.mark.parametrize("rate", [10, 50])
def test_the_rate_of_an_elementary_stream_is_its_own(tmp_path, rate):
    """40 frames at 10 per second last 4 s, at 50 0.8 s; at 25: 100 and 20."""
    path = write(tmp_path, "a.h264", "h264", X264, rate=rate)
    shown = numbers_of(read(path).frames)
    assert shown == [int(k * rate / 25 + 1e-9) for k in range(1000 // rate)]


@needs_ffmpeg
@pytest.mark.parametrize(("name", "codec", "options"), GRID)
def test_every_frame_is_ffmpegs(tmp_path, name, codec, options):
    path = write(tmp_path, name, codec, options)
    theirs = ffmpeg_frames(path, "-vsync", "passthrough")
    assert numbers_of(read(path).frames) == numbers_of(theirs)


def copied(source, target, change=lambda packet: None):
    """The same packets in another container, as `ffmpeg -c copy`."""
    with av.open(str(source)) as file, av.open(str(target), "w") as other:
        stream = other.add_stream_from_template(file.streams.video[0])
        for packet in file.demux(video=0):
            if packet.size:
                change(packet)
                packet.stream = stream
                other.mux(packet)
    return target


@pytest.mark.parametrize("target", ["b.mp4", "b.mkv", "b.ts"])
def test_times_that_contradict_the_order(tmp_path, target):
    """Presented when they are decoded, as tools say that know no better."""
    first = []

    def as_decoded(packet):
        first.append(packet.dts)
        packet.dts -= first[0]  # Players skip what is before 0.
        packet.pts = packet.dts

    source = write(tmp_path, "a.mp4", "h264", X264)
    path = copied(source, tmp_path / target, as_decoded)
    with av.open(str(path)) as file:
        stated = [frame.pts for frame in file.decode(video=0)]
    assert stated != sorted(stated), "the file is not what the test needs"
    assert numbers_of(read(path).frames) == list(range(40))
    times = frame_times(path)
    assert all(a < b for a, b in itertools.pairwise(times))


@pytest.mark.clips
@no_clips
def test_a_file_of_ucf101_keeps_all_frames():
    """v_ApplyEyeMakeup_g01_c01.avi: XviD, packed B-frames, no times."""
    with av.open(str(CLIPS / "test.avi")) as file:
        decoded = [f.to_ndarray(format="rgb24") for f in file.decode(video=0)]
    assert len(decoded) == 164
    video = read_video(
        CLIPS / "test.avi", frame_rate=25, short_side=240, max_seconds=99
    )
    np.testing.assert_array_equal(video.frames, decoded)
    different = [(a != b).any() for a, b in itertools.pairwise(video.frames)]
    assert all(different), "a frame is shown twice"


def joined(folder, name, codec, options, firsts):
    """Recordings that begin with these numbers, one after the other."""
    parts = [
        write(folder, name, codec, options, first=first).read_bytes()
        for first in firsts
    ]
    path = folder / name
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "options", "firsts"),
    [
        ("a.ts", "h264", X264, (0, 100, 200)),
        ("a.ts", "mpeg2video", MPEG2, (0, 100, 200)),
        ("a.mpg", "mpeg2video", MPEG2, (0, 100, 200)),
        ("a.mkv", "h264", X264, (0, 100)),
        ("a.webm", "libvpx", VPX, (0, 100)),
        ("a.avi", "mpeg4", MPEG4, (0, 100, 200)),
        ("a.h264", "h264", X264, (0, 100, 200)),
    ],
)
def test_joined_recordings_keep_all_parts(
    tmp_path, name, codec, options, firsts
):
    video = read(joined(tmp_path, name, codec, options, firsts))
    expected = [first + k for first in firsts for k in range(40)]
    assert numbers_of(video.frames) == expected
    # Where there are no times nothing starts again.
    timeless = name in ("a.avi", "a.h264")
    assert video.parts == (1 if timeless else len(firsts))
    assert video.missing == 0


def without_packets(source, target, lost):
    """The same file without some packets, by number."""
    numbers = itertools.count()
    with av.open(str(source)) as file, av.open(str(target), "w") as other:
        stream = other.add_stream_from_template(file.streams.video[0])
        for packet in file.demux(video=0):
            if packet.size and next(numbers) not in lost:
                packet.stream = stream
                other.mux(packet)
    return target


def test_missing_frames_are_counted_and_the_one_before_is_shown(tmp_path):
    """Without B-frames the loss of a group's end breaks no other frame."""
    options = {"bf": "0", "g": "10", "crf": "10"}
    source = write(tmp_path, "a.mp4", "h264", options)
    path = without_packets(source, tmp_path / "b.mp4", range(16, 20))
    video = read(path)
    expected = [*range(16), *[15] * 4, *range(20, 40)]
    assert numbers_of(video.frames) == expected
    assert video.missing == 4


@pytest.mark.parametrize(
    ("gaps", "missing"),
    [
        ([0.04] * 20, 0),
        ([0.04] * 10 + [0.2] + [0.04] * 10, 4),  # Five times the usual gap.
        ([0.04] * 10 + [0.08] + [0.04] * 10 + [0.12] + [0.04] * 10, 3),
        ([0.033, 0.034, 0.033] * 7, 0),  # Rounded to milliseconds.
        ([0.033, 0.05] * 10, 0),  # Films on television: not constant.
        ([0.1, 0.5, 0.04, 0.9, 0.03] * 4, 0),  # Of a screen.
        ([0.04, 0.4], 0),  # Too few to tell.
    ],
)
def test_missing_frames_by_hand(gaps, missing):
    assert Timeline(gaps=gaps).missing == missing


def test_a_damaged_packet_is_a_reason(tmp_path):
    """In MPEG's transport stream a counter tells that something is lost."""
    options = {"bf": "0", "g": "40", "crf": "1"}
    path = write(tmp_path, "a.ts", "h264", options, count=60)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 188 * 188
    del content[middle : middle + 188]
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo, match=r"damaged after \d+ good frames"):
        read(path)


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.avi"])
def test_starts_increase_whatever_the_file_says(tmp_path, name):
    path = write(tmp_path, name, "h264", X264)
    with opened(path) as (container, stream):
        timed = [(a, b) for a, b, _ in timed_frames(container, stream)]
    assert len(timed) == 40
    for (start, end), (later, _) in itertools.pairwise(timed):
        assert start < later
        assert end == pytest.approx(later, abs=2e-3)
    assert len(list(frames_of(path, 48))) == 40
