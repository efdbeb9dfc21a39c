"""Animated WebP, written by Pillow."""

import pytest

from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import first_frame_size, frame_times
from d3d_tf.video.webp import is_animated_webp
from tests.d3d_tf.video.encoding import numbered, numbers_of
from tests.d3d_tf.video.test_timing import read

Image = pytest.importorskip("PIL.Image")


def save(path, count, **options):
    pages = [Image.fromarray(pixels) for pixels in numbered(0, count)]
    pages[0].save(
        path, "WEBP", save_all=True, append_images=pages[1:], **options
    )
    return path


@pytest.mark.parametrize("name", ["a.webp", "a.mp4"])
def test_an_animation_is_a_video(tmp_path, name):
    path = save(tmp_path / name, 20, duration=40, lossless=True)
    assert is_animated_webp(path)
    video = read(path)
    assert numbers_of(video.frames) == list(range(20))
    assert (video.frames[3] == numbered(3, 1)[0]).all()
    assert first_frame_size(path) == (48, 64)


def test_durations_are_times(tmp_path):
    path = save(tmp_path / "a.webp", 4, duration=[40, 120, 40, 40])
    assert frame_times(path) == pytest.approx([0, 0.04, 0.16, 0.2])
    assert numbers_of(read(path).frames) == [0, 1, 1, 1, 2, 3]


def test_a_still_is_a_picture(tmp_path):
    path = tmp_path / "a.webp"
    Image.fromarray(numbered(0, 1)[0]).save(path)
    assert not is_animated_webp(path)
    with pytest.raises(UnreadableVideo, match="a picture"):
        read(path)


def test_a_damaged_animation(tmp_path):
    path = save(tmp_path / "a.webp", 20, duration=40, lossless=True)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(UnreadableVideo):
        read(path)
