"""Real files: what is shown when, and why a broken one cannot be used."""

import av
import numpy as np
import pytest

from d3d_tf.video import one_rate
from d3d_tf.video import reading as video_module
from d3d_tf.video.reading import (
    UnreadableVideo,
    first_frame_size,
    frame_times,
    frames_of,
    read_video,
)
from d3d_tf.video.writing import write_video
from tests.d3d_tf.video.encoding import CLIPS, audio_only, no_clips


def read(path, *, frame_rate=25.0, short_side=32, max_seconds=100.0):
    return read_video(
        path,
        frame_rate=frame_rate,
        short_side=short_side,
        max_seconds=max_seconds,
    )


@pytest.mark.parametrize(
    ("times", "frame_rate", "expected"),
    [
        # Output k is at 40 k ms: the newest frame that is not later.
        pytest.param([0, 40, 80, 120], 25, [0, 1, 2, 3], id="same_rate"),
        pytest.param(range(0, 140, 20), 25, [0, 2, 4, 6], id="half_rate"),
        # 0 40 80 | 120 160 | 200.
        pytest.param([0, 100, 200], 25, [0, 0, 0, 1, 1, 2], id="slow"),
        # 30 fps, rounded: 40 is after 33, 80 after 67, 120 after 100.
        pytest.param([0, 33, 67, 100, 133], 25, [0, 1, 2, 3, 4], id="30_fps"),
        # Variable: 0 | 40 80 120 160 | 200 | 240.
        pytest.param([0, 40, 200, 240], 25, [0, 1, 1, 1, 1, 2, 3], id="uneven"),
        # Output at 0, 333.3, 666.7, 1000 ms.
        pytest.param([0, 300, 600, 1000], 3, [0, 1, 2, 3], id="thirds"),
    ],
)
def test_frames_are_chosen_by_their_time(
    tmp_path, write_numbered, numbers, times, frame_rate, expected
):
    path = write_numbered(tmp_path / "a.mp4", times)
    video = read(path, frame_rate=frame_rate)
    shown = numbers(video.frames)
    assert shown[: len(expected)] == expected
    # Files do not agree on how long the last frame is shown.
    assert set(shown[len(expected) :]) <= {expected[-1]}
    times = [round(1e6 * k / frame_rate) for k in range(len(shown))]
    assert video.timestamps.tolist() == times
    assert video.timestamps.dtype == np.int64
    assert not video.trimmed


def test_time_counts_from_the_first_frame(tmp_path, write_numbered, numbers):
    path = write_numbered(tmp_path / "a.mkv", [5000, 5040, 5200])
    assert numbers(read(path).frames)[:6] == [0, 1, 1, 1, 1, 2]


def test_frames_stored_out_of_order_are_shown_in_order(
    tmp_path, write_numbered, numbers
):
    """With B-frames H.264 stores later frames before earlier ones."""
    path = write_numbered(tmp_path / "a.mp4", range(0, 800, 40))
    with av.open(str(path)) as file:
        stored = [p.pts for p in file.demux(video=0) if p.pts is not None]
    assert stored != sorted(stored)
    assert numbers(read(path).frames) == list(range(20))


def test_a_long_video_is_cut(tmp_path, write_numbered, numbers):
    path = write_numbered(tmp_path / "a.mp4", range(0, 800, 40))
    video = read(path, max_seconds=0.4)
    assert numbers(video.frames) == list(range(10))
    assert video.trimmed
    assert not read(path, max_seconds=0.8).trimmed
    assert len(read(path, max_seconds=0.001).frames) == 1


ONE_SECOND = [round(1000 * i / 30) for i in range(30)]


def test_a_second_has_25_frames(tmp_path, write_numbered, numbers):
    """30 frames of 1/30 s end at 1 s; frame 25 would be shown at 1 s."""
    path = write_numbered(tmp_path / "a.mp4", ONE_SECOND)
    expected = [int(30 * k / 25 + 1e-9) for k in range(25)]
    assert numbers(read(path).frames) == expected


def test_a_second_is_not_cut_at_a_second(tmp_path, write_numbered):
    path = write_numbered(tmp_path / "a.mp4", ONE_SECOND)
    video = read(path, max_seconds=1.0)
    assert len(video.frames) == 25
    assert not video.trimmed


@pytest.mark.parametrize("size", [(48, 80), (80, 48), (32, 54), (20, 60)])
def test_the_shorter_side_is_as_asked_and_the_aspect_kept(
    tmp_path, write_numbered, size
):
    """The longer side by proportion: 32 * 80 / 48 = 53.3, 32 * 54 / 32,
    32 * 60 / 20 = 96."""
    path = write_numbered(tmp_path / "a.mp4", [0, 40], size=size)
    longer = {80: 53, 54: 54, 60: 96}[max(size)]
    shape = (32, longer) if size[0] < size[1] else (longer, 32)
    frames = read(path, short_side=32).frames
    assert frames.shape == (2, *shape, 3)
    assert frames.dtype == np.uint8
    assert first_frame_size(path) == size


def test_colours_and_places_survive_writing_and_reading(tmp_path):
    """A red corner top left, blue along the bottom, on green; no motion.

    8-bit YUV costs up to 3 levels; the pixels next to an edge are left out,
    for there the colour is stored at half the size.
    """
    frames = np.full((4, 48, 64, 3), (20, 180, 40), np.uint8)
    frames[:, :16, :16] = (210, 30, 60)
    frames[:, 32:] = (30, 40, 200)
    write_video(tmp_path / "a.mp4", frames, 25)
    decoded = read(tmp_path / "a.mp4", short_side=48).frames
    assert decoded.shape == frames.shape
    error = np.abs(decoded.astype(int) - frames)
    for rows, columns in (
        (slice(0, 12), slice(0, 12)),
        (slice(4, 28), slice(20, 64)),
        (slice(36, 48), slice(0, 64)),
    ):
        assert error[:, rows, columns].max() <= 6


def test_written_video_is_near_lossless(tmp_path, texture):
    """Better than 38 dB: a root mean square error below 255 / 10^1.9 = 3.2.

    Grey, because colour is stored at half the size by design.
    """
    grey = [texture(48, 64, 2 * t, t)[..., :1] for t in range(8)]
    frames = np.repeat(np.stack(grey), 3, axis=-1)
    write_video(tmp_path / "a.mp4", frames, 25)
    decoded = read(tmp_path / "a.mp4", short_side=48).frames
    error = decoded.astype(float) - frames
    assert np.sqrt((error**2).mean()) < 3.2


TIMES = range(0, 1200, 40)


def make_text(path, write):
    path.write_text("this is no video\n" * 100)


def make_empty(path, write):
    path.touch()


def make_folder(path, write):
    path.mkdir()


def make_missing(path, write):
    pass


def make_audio(path, write):
    audio_only(path)


def cut_in_half(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def make_half(path, write):
    """The index, at the end of the file, is gone."""
    cut_in_half(write(path, TIMES, noise=12))


def make_half_faststart(path, write):
    """The index is there, half of the frames are not."""
    options = {"movflags": "faststart"}
    cut_in_half(write(path, TIMES, noise=12, options=options))


def make_half_fragmented(path, write):
    """As a browser records it."""
    options = {"movflags": "frag_keyframe+empty_moov"}
    cut_in_half(write(path, TIMES, noise=12, options=options))


def make_damaged(path, write):
    """Zeros in the middle of the frames."""
    write(path, TIMES, noise=12)
    content = bytearray(path.read_bytes())
    begin = content.index(b"mdat") + 4
    middle = (begin + content.index(b"moov")) // 2
    content[middle - 1000 : middle + 1000] = bytes(2000)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_text, "cannot be decoded: Invalid data found"),
        (make_empty, "empty file"),
        (make_folder, "cannot be decoded: Is a directory"),
        (make_missing, "cannot be decoded: No such file"),
        (make_audio, "no video stream"),
        (make_half, "cannot be decoded: Invalid data found"),
        (make_half_faststart, r"after \d+ good frames"),
        (make_half_fragmented, r"after \d+ good frames"),
        (make_damaged, r"after \d+ good frames"),
    ],
)
def test_a_broken_file_is_told_with_the_reason(
    tmp_path, write_numbered, make, reason
):
    path = tmp_path / "a.mp4"
    make(path, write_numbered)
    with pytest.raises(UnreadableVideo, match=reason) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    if "good frames" not in reason:
        with pytest.raises(UnreadableVideo, match=reason):
            first_frame_size(path)
    for every in (frame_times, lambda path: list(frames_of(path, 32))):
        with pytest.raises(UnreadableVideo) as caught:
            every(path)
        assert "\n" not in str(caught.value)


def test_half_a_matroska_file_is_refused(tmp_path, write_numbered):
    """Its header tells the duration, 1.2 s, of which about half is there."""
    path = write_numbered(tmp_path / "a.mkv", TIMES, noise=12)
    cut_in_half(path)
    with pytest.raises(UnreadableVideo):
        read(path)
    with pytest.raises(UnreadableVideo):
        frame_times(path)


def test_all_frames_as_they_are_stored(tmp_path, write_numbered, numbers):
    """One for each time, whatever the time; B-frames in their order."""
    times = [0, 40, 50, 300, 310, 900, 1000]
    path = write_numbered(tmp_path / "a.mp4", times)
    assert numbers(np.stack(list(frames_of(path, 32)))) == list(range(7))
    np.testing.assert_allclose(
        np.multiply(1000, frame_times(path)), times, atol=1
    )


@pytest.mark.parametrize("side", [32, 24, 48])
def test_all_frames_are_those_that_are_read(tmp_path, write_numbered, side):
    path = write_numbered(tmp_path / "a.mp4", TIMES, size=(32, 50), noise=9)
    np.testing.assert_array_equal(
        np.stack(list(frames_of(path, side))),
        read(path, short_side=side).frames,
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # Frame i is shown at 40 i ms; output k at start + 40 k ms.
        (0.0, None, list(range(20))),
        (0.2, None, list(range(5, 20))),
        (0.2, 0.4, [5, 6, 7, 8, 9]),
        # 210, 250, 290 ms: the frames of 200, 240, 280.
        (0.21, 0.32, [5, 6, 7]),
        (0.0, 0.01, [0]),
        # The end is beyond that of the file.
        (0.72, 1.5, [18, 19]),
    ],
)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_part_of_a_file(
    tmp_path, write_numbered, numbers, name, start, end, expected
):
    path = write_numbered(tmp_path / name, range(0, 800, 40))
    video = read_video(
        path,
        frame_rate=25,
        short_side=32,
        max_seconds=100,
        start=start,
        end=end,
    )
    assert numbers(video.frames) == expected
    assert video.timestamps[0] == 0
    assert not video.trimmed


@pytest.mark.parametrize(("longest", "trimmed"), [(0.2, True), (0.4, False)])
def test_a_part_that_is_too_long_is_cut(
    tmp_path, write_numbered, numbers, longest, trimmed
):
    path = write_numbered(tmp_path / "a.mp4", range(0, 800, 40))
    video = read_video(
        path,
        frame_rate=25,
        short_side=32,
        max_seconds=longest,
        start=0.08,
        end=0.48,
    )
    assert numbers(video.frames) == list(range(2, 2 + round(25 * longest)))
    assert video.trimmed == trimmed


@pytest.mark.parametrize(
    "name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.flv", "a.mpg"]
)
def test_a_jump_gives_what_decoding_all_gives(tmp_path, name, monkeypatch):
    """Half a second from 6.44 s on, of 8 s; key frames every 12 frames."""
    rng = np.random.default_rng(0)
    codec = {"a.mpg": "mpeg2video", "a.avi": "mpeg4"}.get(name, "h264")
    path = tmp_path / name
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        stream.gop_size = 12
        for _ in range(200):
            pixels = rng.integers(0, 256, (32, 48, 3)).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    given = {"frame_rate": 25, "short_side": 32, "max_seconds": 9}
    part = read_video(path, start=6.44, end=6.94, **given).frames
    monkeypatch.setattr(video_module, "SHORTEST_JUMP", 100.0)
    np.testing.assert_array_equal(
        part, read_video(path, start=6.44, end=6.94, **given).frames
    )
    assert len(part) == 13
    if name != "a.mpg":  # There FFmpeg states a gap that is not in the file.
        every = np.stack(list(frames_of(path, 32)))
        # 6.44 s is frame 161.
        np.testing.assert_array_equal(part, every[161:174])


def test_a_part_after_the_end(tmp_path, write_numbered):
    path = write_numbered(tmp_path / "a.mp4", range(0, 800, 40))
    with pytest.raises(UnreadableVideo, match=r"over after 0.8 s, .* at 9.0 s"):
        read_video(
            path, frame_rate=25, short_side=32, max_seconds=9, start=9.0, end=10
        )


def test_thousands_of_hours(tmp_path, write_numbered, numbers):
    """The third frame comes after 5000 hours, which are cut and not filled."""
    path = write_numbered(tmp_path / "a.mkv", [0, 40, 18_000_000_000])
    video = read(path, max_seconds=1.0)
    assert numbers(video.frames) == [0] + 24 * [1]
    assert video.trimmed


def test_more_than_fits_into_memory(tmp_path, write_numbered, monkeypatch):
    """32 x 32 x 3 bytes are 3 KiB: 100 frames of them do not fit 256 KiB."""
    monkeypatch.setattr(one_rate, "LARGEST_VIDEO", 2**18)
    path = write_numbered(tmp_path / "a.mkv", [0, 4000])
    with pytest.raises(UnreadableVideo, match="smaller data.max_seconds"):
        read(path)


def test_a_header_that_claims_a_year(tmp_path, write_numbered):
    """`mvhd` and `tkhd`/`mdhd` durations, 32 bits, in a file of 1.2 s."""
    path = write_numbered(tmp_path / "a.mp4", TIMES)
    content = bytearray(path.read_bytes())
    # ISO 14496-12, 8.4.2: version, times, time scale, then the duration.
    place = content.index(b"mdhd") + 4 + 4 + 4 + 4 + 4
    content[place : place + 4] = b"\x7f\xff\xff\xff"
    path.write_bytes(content)
    try:
        assert len(read(path).frames) == 30
    except UnreadableVideo as error:
        assert "cut off: it can be decoded up to 1.2 s of" in str(error)


def test_a_stream_without_times_is_not_one_frame(
    tmp_path, write_numbered, numbers
):
    """A bare H.264 stream: its rate, then, or a refusal; not one frame."""
    path = write_numbered(tmp_path / "a.h264", TIMES)
    try:
        frames = read(path).frames
    except UnreadableVideo:
        return
    assert len(frames) > 1


def test_a_phone_video_is_upright(tmp_path):
    """Stored lying, 64 x 32, with a note to turn it by 90 degrees.

    The note is the `tkhd` box's matrix (ISO 14496-12, 8.3.2): 16.16 numbers
    (a b u; c d v; x y w), 2.30 in the last column. (0 1 0; -1 0 0) turns the
    left end up.
    """
    frames = np.zeros((3, 32, 64, 3), np.uint8)
    frames[:, :, :32] = 200
    path = tmp_path / "a.mp4"
    write_video(path, frames, 25)
    content = path.read_bytes()
    one, minus, zero = b"\0\1\0\0", b"\xff\xff\0\0", bytes(4)
    last = b"\x40\0\0\0"
    upright = one + 3 * zero + one + 3 * zero + last
    turned = zero + one + zero + minus + 4 * zero + last
    place = content.index(upright, content.index(b"tkhd"))
    path.write_bytes(content[:place] + turned + content[place + len(upright) :])
    shown = read(path, short_side=32).frames
    np.testing.assert_array_equal(list(frames_of(path, 32)), shown)
    assert shown.shape == (3, 64, 32, 3)
    assert shown[:, :24].mean() > 150
    assert shown[:, 40:].mean() < 50


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [
        # Counts by hand from the last frame's time and duration; frame k is
        # at k / 25 s.
        # 125 frames of 1/25 s: k < 125.
        pytest.param("abseiling.mp4", (360, 636), 125),
        # 280 frames of 1/28 s end at 10 s: k < 250.
        pytest.param(
            # Stored 340 wide, pixels 1.255 times as wide as high: 426.7.
            "arm_wrestling.mp4",
            (256, 427),
            250,
        ),
        # 355 frames of 50/981 s end at 18.094 s = 452.3 / 25: k <= 452.
        pytest.param("v_GGSY1Qvo990.mp4", (240, 320), 453),
    ],
)
@pytest.mark.clips
@no_clips
def test_real_clips_have_the_frames_of_their_duration(name, size, count):
    assert first_frame_size(CLIPS / name) == size
    video = read(CLIPS / name)
    assert len(video.frames) == count
    # To the pixel: 32 * 636 / 360 = 56.5, * 340 / 256 = 42.5, * 320 / 240.
    height, width = video.frames.shape[1:3]
    assert height == 32
    assert abs(width - 32 * size[1] / size[0]) <= 0.5


@pytest.mark.clips
@no_clips
def test_a_real_clip_shows_what_a_player_shows():
    """19.62 fps at 25 fps: frame k is file frame floor(k / 25 * 19.62).

    The file's frame i is at i * 50 / 981 s, so no two times are equal but 0.
    """
    path = CLIPS / "v_GGSY1Qvo990.mp4"
    wanted = [int(k / 25 * 19.62) for k in range(50)]
    with av.open(str(path)) as file:
        decoded = file.decode(video=0)
        stored = [next(decoded).to_ndarray(format="rgb24") for _ in range(40)]
    video = read(path, short_side=240, max_seconds=2.0)
    assert video.trimmed
    np.testing.assert_array_equal(
        video.frames, np.stack([stored[i] for i in wanted])
    )


@pytest.mark.clips
@no_clips
@pytest.mark.parametrize(
    "name", ["abseiling.mp4", "v_GGSY1Qvo990.mp4", "test.avi"]
)
def test_half_of_a_real_clip_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes((CLIPS / name).read_bytes())
    cut_in_half(path)
    with pytest.raises(UnreadableVideo, match="damaged|cannot be decoded"):
        read(path)


@pytest.mark.clips
@no_clips
@pytest.mark.parametrize("start", [5.5, 7.0, 9.31])
@pytest.mark.parametrize("name", ["arm_wrestling.mp4", "v_GGSY1Qvo990.mp4"])
def test_a_jump_into_a_real_clip(name, start, monkeypatch):
    given = {"frame_rate": 25, "short_side": 64, "max_seconds": 9}
    part = read_video(CLIPS / name, start=start, end=start + 0.5, **given)
    monkeypatch.setattr(video_module, "SHORTEST_JUMP", 100.0)
    all_ = read_video(CLIPS / name, start=start, end=start + 0.5, **given)
    np.testing.assert_array_equal(part.frames, all_.frames)
    assert len(part.frames) == 13  # 12.5, and frame 12 is shown at 0.48 s.
