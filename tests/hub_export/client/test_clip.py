"""What is sent is what records hold, and no more of it than is needed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from d3d_tf.config import ClipRecipe
from d3d_tf.data.crops import centre_geometry
from d3d_tf.hub_export.client.clip import encoded_clip, middle_frames
from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.module_info import ModuleInfo
from d3d_tf.video.reading import read_video
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture, write_lossless

CLIPS = Path(__file__).resolve().parents[4] / "shared/data/clips"


def levels(jpegs):
    return [
        int(cv2.imdecode(np.frombuffer(j, np.uint8), 0).mean()) for j in jpegs
    ]


def stored(path, rate, short_side):
    """JPEGs of all frames of the first ten seconds, as records hold them."""
    video = read_video(
        path, frame_rate=rate, short_side=short_side, max_seconds=10
    )
    quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
    return [
        cv2.imencode(".jpg", frame[..., ::-1], quality)[1].tobytes()
        for frame in video.frames
    ]


def pixels(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def middle(picture, size):
    top, left = ((length - size) // 2 for length in picture.shape[:2])
    return picture[top : top + size, left : left + size]


@pytest.mark.parametrize("calls", [3, 20 + 2])
def test_a_check_ends_the_work(video, calls):
    """Once for each of the 20 frames that are decoded, then for each JPEG."""
    left = iter(range(calls))
    with pytest.raises(StopIteration):
        encoded_clip(
            video,
            ModuleInfo(short_side=18),
            frames=4,
            frame_rate=10.0,
            check=lambda: next(left),
        )


@pytest.mark.parametrize(
    "frames, rate, shown",
    [
        # 20 frames, 10 per second, levels 10, 22, 34, ...
        (4, 10.0, [8, 9, 10, 11]),
        # Every second one of them: 0, 2, ... 18.
        (4, 5.0, [6, 8, 10, 12]),
        # Each of them twice; the middle of 40.
        (4, 20.0, [9, 9, 10, 10]),
        # A short video begins again at its end.
        (22, 10.0, [*range(20), 0, 1]),
    ],
)
def test_the_middle_clip_at_the_rate(video, frames, rate, shown):
    jpegs = encoded_clip(
        video, ModuleInfo(short_side=18), frames=frames, frame_rate=rate
    )
    assert levels(jpegs) == [10 + 12 * k for k in shown]


@pytest.mark.parametrize(
    "changes, rate, shown",
    [
        # Of 20 frames, 10 per second: a span of 10 from (20 - 10) // 2.
        ({"stride": 3}, 10 / 3, [5, 8, 11, 14]),
        # The middles of 0 to 4, 5 to 9, 10 to 14 and 15 to 19.
        ({"sampling": "segments"}, 10.0, [2, 7, 12, 17]),
    ],
)
def test_a_clip_that_leaves_frames_out(video, changes, rate, shown):
    info = ModuleInfo(short_side=18, **changes)
    jpegs = encoded_clip(video, info, frames=4, frame_rate=rate)
    assert levels(jpegs) == [10 + 12 * k for k in shown]


@pytest.mark.parametrize("length", [1, 2, 3, 7, 16, 50])
@pytest.mark.parametrize(
    "changes", [{}, {"stride": 3}, {"sampling": "segments"}]
)
def test_the_middle_is_that_of_the_records(length, changes):
    """The data pipeline's indices, which TensorFlow computes."""
    for frames in (1, 2, 5, 8):
        clip = ClipRecipe(frames=frames, size=16, **changes)
        theirs = centre_geometry(length, 16, 16, clip).indices
        assert middle_frames(length, frames, **changes) == [*theirs.numpy()]


def test_the_first_seconds(video):
    """Of the first 0.6 s, 6 frames, the middle two."""
    info = ModuleInfo(short_side=18, max_seconds=0.6)
    jpegs = encoded_clip(video, info, frames=2, frame_rate=10.0)
    assert levels(jpegs) == [10 + 12 * k for k in (2, 3)]


@pytest.mark.parametrize("size", [(48, 80), (80, 48), (32, 50)])
def test_whole_frames_are_the_records_pixels(tmp_path, size):
    frames, _ = moving_texture(12, *size, (1.5, 0.5))
    write_video(tmp_path / "video.mp4", frames, 12)
    ours = encoded_clip(
        tmp_path / "video.mp4",
        ModuleInfo(short_side=32),
        frames=25,
        frame_rate=25.0,
    )
    theirs = stored(tmp_path / "video.mp4", 25.0, 32)
    for mine, whole in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(pixels(mine), pixels(whole))


@pytest.mark.parametrize("width", [64, 97, 129, 250])
@pytest.mark.parametrize("size", [48, 55, 64])
def test_the_cut_keeps_every_pixel_that_is_seen(tmp_path, width, size):
    """Cut on JPEG's blocks, the decoded middle is that of whole frames."""
    path = tmp_path / "video.mkv"
    write_lossless(path, moving_texture(3, 64, width, (2, 1))[0], 25)
    info = ModuleInfo(short_side=64, size=size)
    cut = encoded_clip(path, info, frames=3, frame_rate=25.0)
    whole = stored(path, 25.0, 64)
    for ours, theirs in zip(cut, whole, strict=True):
        assert min(pixels(ours).shape[:2]) == 64
        np.testing.assert_array_equal(
            middle(pixels(ours), size), middle(pixels(theirs), size)
        )
    if width == 250:  # 96 or less of 250 columns are needed.
        assert sum(map(len, cut)) < 0.6 * sum(map(len, whole))


@pytest.mark.clips
@pytest.mark.skipif(not CLIPS.is_dir(), reason=f"no {CLIPS}")
@pytest.mark.parametrize("name", ["arm_wrestling.mp4", "test.avi"])
def test_real_clips(name):
    """64 frames of 224 px: 1 MB, or the records' pixels."""
    info = ModuleInfo(short_side=256, size=224)
    small = encoded_clip(CLIPS / name, info, frames=64, frame_rate=25.0)
    assert 0.8e6 < sum(map(len, small)) <= 1.0e6
    info = ModuleInfo(short_side=256, size=224, jpeg_quality=95)
    ours = encoded_clip(CLIPS / name, info, frames=64, frame_rate=25.0)
    theirs = stored(CLIPS / name, 25.0, 256)
    start = max(0, (len(theirs) - 64) // 2)
    for k in (0, 31, 63):
        whole = theirs[(start + k) % len(theirs)]
        np.testing.assert_array_equal(
            middle(pixels(ours[k]), 224), middle(pixels(whole), 224)
        )
    assert 1.0e6 < sum(map(len, ours)) < 1.6e6


def test_what_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    for name in ("a.mp4", "b.mp4"):
        with pytest.raises(ClientError, match=f"{name} cannot be used"):
            encoded_clip(
                tmp_path / name, ModuleInfo(), frames=1, frame_rate=25.0
            )


def test_quality_falls_for_a_megabyte_and_only_for_it(tmp_path):
    """Noise of 64 x 64: at 95 some 5 KB, at 85 some 3 KB, unless told."""
    noise = np.random.default_rng(0).integers(0, 256, [1, 64, 64, 3])
    noise = np.repeat(noise, 2, axis=0)  # A single frame is a picture.
    write_lossless(tmp_path / "noise.mkv", noise)

    def sizes(frames, **given):
        info = ModuleInfo(short_side=64, **given)
        clip = encoded_clip(
            tmp_path / "noise.mkv", info, frames=frames, frame_rate=25.0
        )
        return sum(map(len, clip)) / frames

    best = sizes(2)
    assert best == sizes(2, jpeg_quality=95)
    assert sizes(150) == best  # Less than 1 MB together.
    several = sizes(280)
    assert several < best and several in {
        sizes(2, jpeg_quality=quality) for quality in (90, 85, 80)
    }
    assert 280 * several <= 1e6
    assert sizes(280, jpeg_quality=95) == best
