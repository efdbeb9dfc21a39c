"""Files that end too early, and files that end later than their pictures."""

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import frame_times, read_video
from tests.d3d_tf.video.encoding import encode, numbered, numbers_of
from tests.d3d_tf.video.test_timing import MPEG4, X264, joined, read, write


def with_sound(path, codec, sound, *, seconds=8, delay=0.0):
    """2 s of pictures that begin after `delay`, and sound from 0 on."""
    with av.open(str(path), "w") as file:
        video = file.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = file.add_stream(sound, rate=48000, layout="mono")
        audio.bit_rate = 64000
        size, time = audio.codec_context.frame_size or 1152, 0
        packets = []
        for k, pixels in enumerate(numbered(0, 50)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = k + round(25 * delay), Fraction(1, 25)
            packets += video.encode(frame)
        packets += video.encode(None)
        while time < 48000 * seconds:
            kind = audio.codec_context.format.name
            tone = np.zeros((1, size), "f4" if kind.startswith("flt") else "i2")
            frame = av.AudioFrame.from_ndarray(tone, kind, "mono")
            frame.sample_rate, frame.pts = 48000, time
            packets += audio.encode(frame)
            time += size
        packets += audio.encode(None)
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            file.mux(packet)
    return path


@pytest.mark.parametrize("delay", [0.0, 3.0])
@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [
        ("a.mp4", "h264", "aac"),
        ("a.mov", "h264", "aac"),
        ("a.mkv", "h264", "aac"),
        ("a.ts", "h264", "aac"),
        ("a.flv", "h264", "aac"),
        ("a.nut", "mpeg4", "mp2"),
        ("a.mpg", "mpeg2video", "mp2"),
        ("a.webm", "libvpx", "libopus"),
        ("a.wmv", "wmv2", "wmav2"),
    ],
)
def test_sound_may_be_longer(tmp_path, name, codec, sound, delay):
    path = with_sound(tmp_path / name, codec, sound, delay=delay)
    assert numbers_of(read(path).frames) == list(range(50))
    assert len(frame_times(path)) == 50


@pytest.mark.parametrize("name", ["a.mkv", "a.flv"])
def test_a_file_with_sound_is_cut_off(tmp_path, name):
    """Sound and pictures end long before the end that the header states."""
    path = with_sound(tmp_path / name, "h264", "aac")
    content = path.read_bytes()
    # The pictures are over after a quarter of the time, and of most bytes.
    path.write_bytes(content[: len(content) // 4])
    with pytest.raises(UnreadableVideo):
        read(path)


FLV = ("a.flv", "h264", X264)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "h264", X264),
        ("b.mov", "mpeg4", MPEG4),
        FLV,
        ("a.wmv", "wmv2", {"b": "1000000"}),
    ],
)
def test_a_second_recording_that_ffmpeg_overlooks(
    tmp_path, name, codec, options
):
    path = joined(tmp_path, name, codec, options, (0, 100))
    for every in (read, frame_times):
        with pytest.raises(UnreadableVideo, match="joined from several"):
            every(path)


def test_a_third_recording_in_matroska(tmp_path):
    path = joined(tmp_path, "a.mkv", "h264", X264, (0, 100, 200))
    with pytest.raises(UnreadableVideo, match="joined from several"):
        read(path)


def test_a_joined_file_of_which_the_beginning_is_enough(tmp_path):
    path = joined(tmp_path, *FLV, (0, 100))
    video = read_video(path, frame_rate=25, short_side=48, max_seconds=1.0)
    assert numbers_of(video.frames) == list(range(25))
    assert video.trimmed


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}])
def test_one_recording_is_not_two(tmp_path, options):
    path = tmp_path / "a.mp4"
    encode(path, "h264", numbered(0, 30), "yuv420p")
    with av.open(str(path)) as file:
        other = tmp_path / "b.mp4"
        with av.open(str(other), "w", options=options) as out:
            stream = out.add_stream_from_template(file.streams.video[0])
            for packet in itertools.takewhile(
                lambda p: p.size, file.demux(video=0)
            ):
                packet.stream = stream
                out.mux(packet)
    assert numbers_of(read(other).frames) == list(range(30))


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("a.mp4", "h264", "yuv420p"), ("a.gif", "gif", "rgb8")],
)
def test_a_single_frame_is_a_picture(tmp_path, name, codec, pix_fmt):
    path = encode(tmp_path / name, codec, numbered(0, 1), pix_fmt)
    for every in (read, frame_times):
        with pytest.raises(UnreadableVideo, match="a picture"):
            every(path)
    assert write(tmp_path, "b.mp4", "h264", {}, count=2)
    assert len(read(tmp_path / "b.mp4").frames) == 2
