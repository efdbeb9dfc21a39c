"""Draws the clips that a module's callers are tested with.

    python -m d3d_tf.doctor.module.drawing

writes them anew. No mistake of a caller leaves them as they are: red, green and
blue never have the same share; everything moves, one way; what is bright comes
at once and goes slowly; the picture is wide, fine and twice as fast as most
networks want it.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from d3d_tf.video.writing import write_video

HEIGHT, WIDTH = 144, 256
FRAME_RATE = 50
_FRAMES = 300
# x264's; a clip has 25 to 36 KB so.
_CRF = 42


@dataclasses.dataclass(frozen=True)
class Scene:
    """One clip: two discs that follow each other over a texture.

    Attributes:
      disc, ground: RGB, 0..255.
      velocity: of the discs, (u, v) in pixels per frame, v downwards.
      radius: of the discs in pixels.
      flash: seconds from one flash to the next.
    """

    disc: tuple[int, int, int]
    ground: tuple[int, int, int]
    velocity: tuple[float, float]
    radius: float
    flash: float


SCENES = {
    "crimson": Scene((235, 40, 70), (25, 60, 90), (3.75, 1.0), 38, 0.7),
    "green": Scene((90, 220, 20), (110, 30, 45), (-1.25, -3.5), 31, 0.5),
    "orange": Scene((250, 150, 20), (20, 45, 40), (-3.5, 2.25), 34, 0.9),
    "violet": Scene((110, 30, 240), (70, 75, 20), (0.75, 4.25), 42, 0.6),
}


def draw(scene: Scene, indices: Sequence[int] = range(_FRAMES)) -> np.ndarray:
    """Its frames, uint8 `[time, height, width, 3]` RGB.

    Args:
      scene: what is drawn.
      indices: of the frames; default: all.
    """
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    ground = 0.7 + 0.3 * np.sin(x / 9 + np.sin(y / 13)) * np.sin(y / 7 + x / 31)
    frames = np.empty([len(indices), HEIGHT, WIDTH, 3], np.uint8)
    for place, index in enumerate(indices):
        # 1 after a flash, and down from there to 0.
        glow = 1 - index / FRAME_RATE / scene.flash % 1
        pixels = ground[..., None] * np.array(scene.ground)
        for behind in (0, 0.5):
            dx, dy = _from_disc(x, y, scene, index, behind)
            inside = np.clip(scene.radius - np.hypot(dx, dy) + 0.5, 0, 1)
            # A spiral: it is no mirror image of itself.
            grain = np.sin(0.3 * np.hypot(dx, dy) + 2 * np.arctan2(dy, dx))
            light = (0.55 + 0.25 * glow) * (1 + 0.25 * grain)
            disc = light[..., None] * np.array(scene.disc)
            pixels += inside[..., None] * (disc - pixels)
        frames[place] = np.rint(np.clip(pixels, 0, 255))
    return frames


def _from_disc(x, y, scene: Scene, index: int, behind: float):
    """Of each pixel from a disc's middle, in pixels.

    The discs cross the square in the middle, leave it, and come in again on
    the other side; in the middle of the clip one is in the middle.
    """
    speed = max(map(abs, scene.velocity))
    round_trip = (HEIGHT + 2 * scene.radius) / speed  # In frames.
    steps = index - _FRAMES // 2 - behind * round_trip
    steps = (steps + round_trip / 2) % round_trip - round_trip / 2
    u, v = scene.velocity
    return x - WIDTH / 2 - u * steps, y - HEIGHT / 2 - v * steps


def write_clips(folder: Path) -> None:
    """Writes every scene as `NAME.mp4`."""
    for name, scene in SCENES.items():
        path = folder / f"{name}.mp4"
        write_video(path, draw(scene), FRAME_RATE, crf=_CRF)


if __name__ == "__main__":
    write_clips(Path(__file__).with_name("clips"))
