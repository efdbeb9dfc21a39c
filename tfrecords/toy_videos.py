"""The embedded data set: videos in which the motion is the class.

A textured patch moves over a textured background; its direction, in eight
sectors, is the label and nothing else is. The patch has one of eight hues, and
each class owns a hue. In the training videos, and in the test set
`same_colours`, nine clips of ten wear the hue of their class, so colour is a
cue that is easy to learn and not to be trusted. In `shuffled_colours` the hue
has nothing to do with the class.

A second set of motions, `headings`, is to be fine-tuned on: the eight that lie
between these, so that each old class is a half of two new ones.

Everything is a function of (seed, split, index): any clip can be made alone,
and its exact flow is known.
"""

import colorsys
import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from d3d_tf.atomic_files import appearing
from d3d_tf.config import ToyRecipe
from d3d_tf.disk import naming_refusal
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.video.writing import write_video

# Direction of (u, v) in pixels, v downwards; class k moves within 18 degrees
# of k * 45 degrees, counted from "right" and turning through "down".
CLASSES = (
    "right",
    "down_right",
    "down",
    "down_left",
    "left",
    "up_left",
    "up",
    "up_right",
)
# Class k moves within 18 degrees of (k + 1/2) * 45 degrees: the compass, with
# north up.
HEADINGS = ("ese", "sse", "ssw", "wsw", "wnw", "nnw", "nne", "ene")
MOTIONS = {"directions": CLASSES, "headings": HEADINGS}
FRAME_RATE = 25
# Part of the identity of written videos: raise it when their content changes.
GENERATOR_VERSION = 3
SPLITS = ("train", "same_colours", "shuffled_colours")


@dataclasses.dataclass(frozen=True)
class ToyClip:
    """One generated clip.

    Attributes:
      frames: uint8 `[time, size, size, 3]` RGB.
      flow: float32 `[time - 1, size, size, 2]`, exact (u, v) in pixels per
        frame from frame i to i + 1.
      label: class index.
      hue: index of the class whose hue the patch wears.
    """

    frames: np.ndarray
    flow: np.ndarray
    label: int
    hue: int


def texture(rng: np.random.Generator, size: int) -> np.ndarray:
    """`[size, size]` float32 in [0, 1]: noise with detail of about 4 px."""
    noise = rng.standard_normal((size, size)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.6)
    smooth = (smooth - smooth.mean()) / (smooth.std() + 1e-6)
    return np.clip(0.5 + 0.22 * smooth, 0, 1)


def tint(texture: np.ndarray, hue: float, saturation: float) -> np.ndarray:
    """Colours a texture: `[..., 3]` float32 in [0, 255]."""
    colour = np.array(colorsys.hsv_to_rgb(hue, saturation, 1.0), np.float32)
    return 255 * texture[..., None] * colour


def painted(
    background: np.ndarray, look: np.ndarray, x: float, y: float, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """A picture with a disc on it.

    Args:
      background: `[height, width, 3]`.
      look: `[side, side, 3]`, of an odd side, what the disc shows.
      x, y: its middle, in pixels; that of the first pixel is 0.
      radius: in pixels.

    Returns:
      The picture, and the disc's share of each pixel, `[height, width, 1]`.
    """
    height, width = background.shape[:2]
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    half = len(look) // 2
    pixels = cv2.remap(
        look,
        (xs - x + half).astype(np.float32),
        (ys - y + half).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    distance = np.hypot(xs - x, ys - y)
    cover = np.clip(radius - distance + 0.5, 0, 1)[..., None]
    return cover * pixels + (1 - cover) * background, cover


def _velocity(rng: np.random.Generator, label: int, motions: str) -> np.ndarray:
    """(u, v) of a class, in pixels per frame."""
    # Anywhere in most of the label's sector: a network that has to
    # give the teacher's logits must see the angle, not only the sector.
    middle = label + (0.5 if motions == "headings" else 0.0)
    angle = (middle + rng.uniform(-0.4, 0.4)) * np.pi / 4
    return rng.uniform(1.8, 2.8) * np.array([np.cos(angle), np.sin(angle)])


def make_clip(
    seed: int,
    split: str,
    index: int,
    *,
    size: int,
    num_frames: int,
    cue: float = 0.9,
    motions: str = "directions",
) -> ToyClip:
    """Clip `index` of a split; labels cycle through the classes.

    Args:
      seed: of the data set.
      split: one of `SPLITS`.
      index: from 0.
      size: height and width in pixels.
      num_frames: length of the clip.
      cue: share of clips whose hue is that of their class, except in
        `shuffled_colours`, where each class wears all hues equally often.
      motions: a key of `MOTIONS`.
    """
    # Other motions are shown by other textures.
    others = [] if motions == "directions" else [1]
    rng = np.random.default_rng([seed, SPLITS.index(split), index, *others])
    label = index % len(CLASSES)
    hue = label
    if split == "shuffled_colours":
        # Every hue equally often with every label.
        hue = index // len(CLASSES) % len(CLASSES)
    elif rng.random() >= cue:
        hue = (label + int(rng.integers(1, len(CLASSES)))) % len(CLASSES)
    velocity = _velocity(rng, label, motions)

    background = 0.35 * tint(texture(rng, size), rng.random(), 0.2)
    radius = size * rng.uniform(0.2, 0.3)
    half = int(np.ceil(radius)) + 2
    patch = tint(texture(rng, 2 * half + 1), hue / len(CLASSES), 0.75)
    # Where the patch is half way through the clip: inside the picture.
    middle = rng.uniform(0.2 * size, 0.8 * size, 2)

    frames = np.empty((num_frames, size, size, 3), np.uint8)
    flow = np.zeros((num_frames, size, size, 2), np.float32)
    for t in range(num_frames):
        x, y = middle + velocity * (t - (num_frames - 1) / 2)
        picture, cover = painted(background, patch, x, y, radius)
        frames[t] = np.rint(picture)
        flow[t][cover[..., 0] > 0.5] = velocity
    return ToyClip(frames, flow[:-1], label, hue)


def write_videos(
    folder: Path, toy: ToyRecipe, seed: int, *, show: bool = True
) -> Listing:
    """Writes the data set as H.264 files, `folder/split/class/NNNNN.mp4`.

    Files that exist are kept: each appears by rename, and its content is a
    function of the arguments.
    """
    classes = MOTIONS[toy.motions]
    sources = []
    for split in SPLITS:
        count = toy.train_videos if split == "train" else toy.test_videos
        for index in range(count):
            label = index % len(classes)
            name = f"{split}/{classes[label]}/{index:05d}.mp4"
            sources.append(
                Source(name, str(folder / name), label, classes[label], split)
            )

    def write(source: Source) -> None:
        path = Path(source.path)
        if path.exists():
            return
        clip = make_clip(
            seed,
            source.split,
            int(path.stem),
            size=toy.size,
            num_frames=toy.num_frames,
            cue=toy.cue,
            motions=toy.motions,
        )
        with naming_refusal(path), appearing(path) as temporary:
            write_video(temporary, clip.frames, FRAME_RATE)

    for split in SPLITS:
        for name in classes:
            (folder / split / name).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        done = pool.map(write, sources)
        for _ in tqdm(
            done,
            total=len(sources),
            unit="video",
            desc="writing toy videos",
            disable=not show,
        ):
            pass
    return Listing("toy", classes, tuple(sources))
