"""The embedded data set of detection: who moves which way, and where.

Scenes follow one another, a second each, as shots of a film. In each two or
three textured discs move over a textured background, as those of
`toy_videos.py`, but any of eight ways: right, down, left and up are the
actions, and a disc that moves aslant does two. A scene's middle is a keyframe,
at a whole second, whose boxes are known. Colours mislead as there: in the
videos to train on, nine discs of ten wear the hue of their way; in `val` the
hue has nothing to do with it.

Videos and lists have the form of AVA (`layouts/ava.py`), and are functions of
(seed, split, index).
"""

import dataclasses
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from d3d_tf.atomic_files import appearing, write_atomically
from d3d_tf.config import DataRecipe, ToyRecipe
from d3d_tf.disk import naming_refusal
from d3d_tf.tfrecords.layouts.ava import list_videos
from d3d_tf.tfrecords.listing import Listing
from d3d_tf.tfrecords.toy_videos import FRAME_RATE, painted, texture, tint
from d3d_tf.video.writing import write_video

ACTIONS = ("right", "down", "left", "up")
SPLITS = ("train", "val")
SCENES = 4  # Of a video.
WIDTH = 1.5  # Of the height.
# Part of the identity of written videos: raise it when their content changes.
GENERATOR_VERSION = 1
_WAYS = 8


@dataclasses.dataclass(frozen=True)
class Disc:
    """What moves.

    Attributes:
      way: 0 is right, 2 down, 4 left, 6 up; odd ones lie between.
      hue: of the same eight.
      middle: x, y at the keyframe, in pixels.
      velocity: u, v in pixels per frame.
      radius: in pixels.
    """

    way: int
    hue: int
    middle: np.ndarray
    velocity: np.ndarray
    radius: float

    @property
    def actions(self) -> list[str]:
        """One, or two of a disc that moves aslant."""
        ways = {self.way // 2, (self.way + 1) // 2 % len(ACTIONS)}
        return [ACTIONS[way] for way in sorted(ways)]

    def box(self, height: int, width: int) -> tuple[float, ...]:
        """x1, y1, x2, y2 at the keyframe as shares, of what is seen of it."""
        # The middle of the first pixel is at 0, and its edge half a pixel off.
        middle = self.middle + 0.5
        low, high = middle - self.radius, middle + self.radius
        sides = np.array([width, height])
        return (*(low / sides).clip(0, 1), *(high / sides).clip(0, 1))


def make_scenes(
    seed: int, split: str, index: int, height: int, cue: float
) -> Iterator[tuple[list[Disc], np.ndarray]]:
    """The discs of each scene of a video, and its background.

    Args:
      seed: of the data set.
      split: one of `SPLITS`.
      index: of the video.
      height: in pixels.
      cue: share of discs whose hue is that of their way, in `train`.

    Yields:
      Discs, and float32 `[height, width, 3]` in 0..255.
    """
    rng = np.random.default_rng([seed, SPLITS.index(split), index, 2])
    width = round(WIDTH * height)
    for _ in range(SCENES):
        background = 0.35 * tint(
            texture(rng, width)[:height], rng.random(), 0.2
        )
        discs: list[Disc] = []
        count = int(rng.integers(2, 4))
        while len(discs) < count:
            disc = _disc(rng, split, height, width, cue)
            apart = [
                np.hypot(*(disc.middle - other.middle))
                > disc.radius + other.radius
                for other in discs
            ]
            if all(apart):
                discs.append(disc)
        yield discs, background


def _disc(rng, split: str, height: int, width: int, cue: float) -> Disc:
    way = int(rng.integers(_WAYS))
    hue = way
    if split != "train":
        hue = int(rng.integers(_WAYS))
    elif rng.random() >= cue:
        hue = (way + int(rng.integers(1, _WAYS))) % _WAYS
    angle = (way + rng.uniform(-0.4, 0.4)) * np.pi / 4
    speed = rng.uniform(1.8, 2.8)
    radius = rng.uniform(8, 12)
    inside = np.array([width, height]) - 2 * radius
    return Disc(
        way,
        hue,
        radius + rng.random(2) * inside,
        speed * np.array([np.cos(angle), np.sin(angle)]),
        radius,
    )


def make_video(
    seed: int, split: str, index: int, height: int, cue: float
) -> np.ndarray:
    """uint8 `[time, height, width, 3]`; see `make_scenes`.

    The keyframe of scene k is frame `FRAME_RATE * (k + 1)`.
    """
    rng = np.random.default_rng([seed, SPLITS.index(split), index, 3])
    width = round(WIDTH * height)
    frames = np.empty((FRAME_RATE * (SCENES + 1), height, width, 3), np.uint8)
    scenes = list(make_scenes(seed, split, index, height, cue))
    looks = [
        [
            tint(texture(rng, 2 * int(disc.radius) + 7), disc.hue / _WAYS, 0.75)
            for disc in discs
        ]
        for discs, _ in scenes
    ]
    for number in range(len(frames)):
        # The nearest keyframe's.
        scene = min(
            max((number + FRAME_RATE // 2) // FRAME_RATE - 1, 0), SCENES - 1
        )
        discs, picture = scenes[scene]
        for disc, look in zip(discs, looks[scene], strict=True):
            passed = number - FRAME_RATE * (scene + 1)
            x, y = disc.middle + disc.velocity * passed
            picture, _ = painted(picture, look, x, y, disc.radius)
        frames[number] = np.rint(picture)
    return frames


def write_persons(
    folder: Path,
    toy: ToyRecipe,
    data: DataRecipe,
    seed: int,
    *,
    show: bool = True,
) -> Listing:
    """Writes videos and lists, and lists them as AVA's.

    Files that exist are kept: each appears by rename, and its content is a
    function of the arguments.
    """
    videos, lists = folder / "videos", folder / "lists"
    videos.mkdir(parents=True, exist_ok=True)
    lists.mkdir(exist_ok=True)
    counts = {"train": toy.train_videos, "val": toy.test_videos}
    names = "".join(
        f'item {{\n  name: "{name}"\n  id: {number}\n}}\n'
        for number, name in enumerate(ACTIONS, 1)
    )
    write_atomically(lists / "actions.pbtxt", names)
    todo = []
    for split, count in counts.items():
        rows = []
        for index in range(count):
            todo.append((split, index))
            rows += _rows(seed, split, index, toy)
        write_atomically(lists / f"{split}.csv", "".join(rows))

    def write(job: tuple[str, int]) -> None:
        split, index = job
        path = videos / f"{_name(split, index)}.mp4"
        if not path.exists():
            frames = make_video(seed, split, index, toy.size, toy.cue)
            with naming_refusal(path), appearing(path) as temporary:
                write_video(temporary, frames, FRAME_RATE)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for _ in tqdm(
            pool.map(write, todo),
            total=len(todo),
            unit="video",
            desc="writing toy videos",
            disable=not show,
        ):
            pass
    listing = list_videos(videos, lists, data)
    return dataclasses.replace(listing, name="toy_ava")


def _name(split: str, index: int) -> str:
    return f"{split}-{index:05d}"


def _rows(seed: int, split: str, index: int, toy: ToyRecipe) -> list[str]:
    """Lines of a list, as AVA's: a line per box and action."""
    rows = []
    scenes = make_scenes(seed, split, index, toy.size, toy.cue)
    width = round(WIDTH * toy.size)
    for scene, (discs, _) in enumerate(scenes):
        for person, disc in enumerate(discs):
            box = ",".join(f"{side:.3f}" for side in disc.box(toy.size, width))
            for action in disc.actions:
                number = ACTIONS.index(action) + 1
                rows.append(
                    f"{_name(split, index)},{scene + 1:04d},{box},{number},"
                    f"{person}\n"
                )
    return rows
