"""The bundled clips are what is drawn, and lopsided in every way."""

import numpy as np
import pytest

from d3d_tf.doctor.module.drawing import FRAME_RATE, SCENES, draw
from d3d_tf.doctor.module.kit import bundled_clips
from d3d_tf.video.reading import read_video

SOME = (0, 140, 151, 299)


@pytest.mark.parametrize("clip", bundled_clips(), ids=lambda clip: clip.name)
def test_a_clip_is_its_scene(clip, tmp_path):
    """To what its small size costs; another scene is far from it."""
    assert len(clip.read_bytes()) < 40_000
    path = tmp_path / clip.name
    path.write_bytes(clip.read_bytes())
    video = read_video(path, frame_rate=50, short_side=144, max_seconds=10)
    assert video.frames.shape == (300, 144, 256, 3)
    kept = np.float64(video.frames[list(SOME)])

    def error(name):
        return np.abs(kept - draw(SCENES[name], SOME)).mean()

    assert error(path.stem) < 7
    assert min(error(name) for name in SCENES if name != path.stem) > 20


def test_every_scene_is_bundled():
    assert [clip.name for clip in bundled_clips()] == [
        f"{name}.mp4" for name in sorted(SCENES)
    ]


@pytest.mark.parametrize("name", SCENES)
def test_nothing_is_symmetric(name):
    """The square in the middle of 25 frames; grey levels, on average."""
    frames = np.float64(draw(SCENES[name], range(138, 163)))[:, :, 56:200]

    def change(other):
        return np.abs(frames - other).mean()

    assert change(frames[..., ::-1]) > 15  # BGR
    assert change(frames[:, :, ::-1]) > 4
    assert change(frames[::-1]) > 4
    assert np.abs(frames[:-1] - frames[1:]).mean() > 1  # It moves.
    assert FRAME_RATE == 50
