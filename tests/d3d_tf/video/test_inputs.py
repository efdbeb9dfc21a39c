"""The files of shared/data/inputs, which failed once, and what is right."""

import pytest

from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import first_frame_size, read_video
from tests.d3d_tf.video.encoding import SHARED, numbers_of
from tests.d3d_tf.video.test_pictures import corners

INPUTS = SHARED / "inputs"
pytestmark = [
    pytest.mark.clips,
    pytest.mark.skipif(not INPUTS.is_dir(), reason=f"no {INPUTS}"),
]
ALL = list(range(50))
# What FFmpeg's own program shows, by the README beside the files.
SHOWN = {
    "00_good.mp4": ALL,
    "01_h264_bframes.avi": ALL,
    # The encoder lost a picture at 10 and at 47; FFmpeg decodes 48.
    "01_xvid_packed_bframes.avi": [*ALL[:10], 9, *ALL[11:47], 48],
    "02_joined.ts": ALL + [100 + k for k in ALL],
    "03_sound_longer.mkv": ALL,
    "03_subtitles_longer.mkv": ALL,
    "06_anim.gif": ALL,
    "07_raw_10fps.h264": [int(k * 10 / 25) for k in range(125)],
    "08_preview_first.mkv": ALL,
    "09_cover_first.mp4": ALL,
    "10_sar_4_3.mp4": ALL,
}
SIZES = {"10_sar_4_3.mp4": (64, 128), "04_hflip90.mp4": (96, 64)}


def read(name):
    side = min(first_frame_size(INPUTS / name))
    return read_video(
        INPUTS / name, frame_rate=25, short_side=side, max_seconds=99
    )


@pytest.mark.parametrize("name", SHOWN)
def test_every_frame_once(name):
    assert numbers_of(read(name).frames) == SHOWN[name]
    assert first_frame_size(INPUTS / name) == SIZES.get(name, (64, 96))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("04_hflip.mp4", "gr yb"), ("04_hflip90.mp4", "yg br")],
)
def test_mirrors(name, expected):
    """The colours below the number: their corners are not the picture's."""
    picture = read(name).frames[5]
    assert picture.shape[:2] == SIZES.get(name, (64, 96))
    if name == "04_hflip.mp4":  # The number is on top, the colours below.
        picture = picture[20:]
    else:  # Along the anti-diagonal the top becomes the right side.
        picture = picture[:, :-20]
    assert corners(picture) == expected


def test_a_still_is_a_picture():
    with pytest.raises(UnreadableVideo, match="a picture"):
        read("05_still.avif")


def test_damage_in_the_middle_is_counted():
    """41 of 50 frames can be decoded."""
    video = read("11_damaged.ts")
    assert video.missing == 9
    assert len(video.frames) == 50


def newer():
    known = {*SHOWN, "04_hflip.mp4", "04_hflip90.mp4", "05_still.avif"}
    known |= {"11_damaged.ts", "README.md", "numbered.py", "make_folders.sh"}
    files = INPUTS.iterdir() if INPUTS.is_dir() else ()
    return sorted(p.name for p in files if p.is_file() and p.name not in known)


@pytest.mark.parametrize("name", newer())
def test_a_file_of_which_nothing_is_said_here(name):
    """It is read or refused in a line; say above what is right."""
    try:
        assert len(read(name).frames) > 1
    except UnreadableVideo as error:
        assert "\n" not in str(error)
