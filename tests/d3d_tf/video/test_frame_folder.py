"""Folders of pictures, whose numbers are known."""

import cv2
import numpy as np
import pytest

from d3d_tf.video.frame_folder import (
    first_picture_size,
    read_frame_folder,
)
from d3d_tf.video.opening import UnreadableVideo


@pytest.fixture
def folder(tmp_path):
    """`v_1.jpg` to `v_30.jpg`: numbers without zeros before them."""
    for number in range(1, 31):
        picture = np.full([20, 40, 3], 8 * number, np.uint8)
        picture[..., 2] = 0  # Red, of OpenCV's order.
        cv2.imwrite(str(tmp_path / f"v_{number}.jpg"), picture)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def numbers(video):
    return np.rint(video.frames[..., 1].mean((1, 2)) / 8).astype(int).tolist()


def read(folder, **changes):
    options = {
        "rate": 10.0,
        "frame_rate": 5.0,
        "short_side": 10,
        "max_seconds": 100.0,
    }
    return read_frame_folder(folder, **options | changes)[0]


def test_pictures_by_time(folder):
    """30 pictures at 10 per second; every second one is seen at 5."""
    video = read(folder)
    assert numbers(video) == list(range(1, 31, 2))
    assert video.frames.shape == (15, 10, 20, 3)
    assert video.frames[..., 0].max() < 8  # RGB.
    assert video.timestamps[:3].tolist() == [0, 200_000, 400_000]
    assert not video.trimmed
    # 0, 0.04, ... s: each picture is shown two or three times.
    fast = read(folder, frame_rate=25.0)
    assert numbers(fast)[:8] == [1, 1, 1, 2, 2, 3, 3, 3]


def test_a_part(folder):
    assert numbers(read(folder, start=1.0, end=1.5)) == [11, 13, 15]
    cut = read(folder, start=1.0, max_seconds=0.4)
    assert numbers(cut) == [11, 13] and cut.trimmed
    # As far as there are any.
    assert numbers(read(folder, start=2.5, end=9.0)) == [26, 28, 30]
    with pytest.raises(UnreadableVideo, match=r"over after 3.0 s"):
        read(folder, start=3.0)


def test_the_size_of_the_first_picture(folder):
    assert first_picture_size(folder) == (20, 40)
    (folder / "v_0.jpg").write_bytes(b"")
    with pytest.raises(UnreadableVideo, match="v_0.jpg cannot be decoded"):
        first_picture_size(folder)
    with pytest.raises(UnreadableVideo, match="without a picture"):
        (folder / "empty").mkdir()
        first_picture_size(folder / "empty")


def test_the_digest_is_of_what_was_read(folder):
    options = {"rate": 10, "frame_rate": 5, "short_side": 10, "max_seconds": 9}
    before = read_frame_folder(folder, **options, end=1.0)[1]
    (folder / "v_30.jpg").write_bytes((folder / "v_2.jpg").read_bytes())
    assert read_frame_folder(folder, **options, end=1.0)[1] == before
    (folder / "v_1.jpg").write_bytes((folder / "v_2.jpg").read_bytes())
    assert read_frame_folder(folder, **options, end=1.0)[1] != before


def test_wrong_pictures(folder, tmp_path):
    (folder / "v_3.jpg").write_bytes(b"")
    with pytest.raises(UnreadableVideo, match=r"v_3.jpg cannot be decoded"):
        read(folder)
    cv2.imwrite(str(folder / "v_3.jpg"), np.zeros([20, 20, 3], np.uint8))
    with pytest.raises(UnreadableVideo, match="size changes"):
        read(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableVideo, match=r"over after 0.0 s"):
        read(tmp_path / "empty")
