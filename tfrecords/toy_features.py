"""The embedded data set of features: topics that come and go in videos.

Files have YouTube-8M's form, frame-level: a frame per second, the 1024 and 128
bytes of its picture and sound. A topic adds its own direction to both while it
is there; several may be there at once, and a style of the video's own always
is. The first topic of a video stays for a while. Each other one does, too, or
appears once or twice for a few seconds: who looks at every 50th frame misses
most of these.

How often topics occur falls by Zipf's law. Topics that are `NUM_THEMES` numbers
apart are of one theme, a frequent, a rarer and a rare one, and like to occur
together: so what is seen tells something of what was missed.

A video is a function of (seed, split, index).
"""

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.atomic_files import appearing, write_atomically
from d3d_tf.config import ToyRecipe
from d3d_tf.disk import naming_refusal
from d3d_tf.streams import CHANNELS, FEATURES
from d3d_tf.tfrecords.feature_record import feature_record

NUM_TOPICS, NUM_THEMES = 48, 16
SPLITS = ("train", "validate")
# Part of the identity of written files: raise it when their content changes.
GENERATOR_VERSION = 1
_FRAMES = (120, 300)  # The fewest and the most.
_LONG, _SHORT = (30, 90), (3, 12)  # Frames of one appearance.
_TOPIC, _STYLE, _NOISE = 0.14, 0.1, 0.4  # Standard deviations of a feature.
_PER_FILE = 256


def frequencies() -> np.ndarray:
    """float64 `[topics]`: how likely a video's first topic is each."""
    likely = 1 / np.arange(1, NUM_TOPICS + 1)
    return likely / likely.sum()


@dataclasses.dataclass(frozen=True)
class ToyVideo:
    """What is to be seen in a video.

    Attributes:
      topics: its labels, the one that stays for a while first.
      frames: their number.
      appearances: (topic, start, end), in frames.
    """

    topics: list[int]
    frames: int
    appearances: list[tuple[int, int, int]]


def make_video(seed: int, split: str, index: int) -> ToyVideo:
    """Video `index` of one of `SPLITS`, without its features."""
    rng = np.random.default_rng([seed, SPLITS.index(split), index])
    likely = frequencies()
    topics = [int(rng.choice(NUM_TOPICS, p=likely))]
    strangers = (np.arange(NUM_TOPICS) - topics[0]) % NUM_THEMES != 0
    for _ in range(rng.integers(1, 4)):
        some = likely.copy()
        if rng.random() < 0.5:
            some[strangers] = 0
        some[topics] = 0
        if some.any():
            topics.append(int(rng.choice(NUM_TOPICS, p=some / some.sum())))
    frames = int(rng.integers(*_FRAMES, endpoint=True))
    appearances = []
    for place, topic in enumerate(topics):
        stays = not place or rng.random() < 0.4
        for _ in range(1 if stays else rng.integers(1, 3)):
            length = int(rng.integers(*(_LONG if stays else _SHORT)))
            start = int(rng.integers(frames - length))
            appearances.append((topic, start, start + length))
    return ToyVideo(topics, frames, appearances)


def make_features(seed: int, split: str, index: int) -> np.ndarray:
    """uint8 `[frames, 1152]` of `make_video`, picture and sound."""
    width = CHANNELS["features"]
    video = make_video(seed, split, index)
    rng = np.random.default_rng([seed, SPLITS.index(split), index, 1])
    values = rng.normal(0, _NOISE, [video.frames, width]).astype(np.float32)
    values += rng.normal(0, _STYLE, width)
    looks = directions(seed)
    for topic, start, end in video.appearances:
        values[start:end] += looks[topic]
    # As the features of YouTube-8M, from -2 to 2.
    return np.clip((values + 2) * (255 / 4), 0, 255).astype(np.uint8)


def directions(seed: int) -> np.ndarray:
    """float64 `[topics, 1152]`: what a topic adds to a frame."""
    width = CHANNELS["features"]
    return np.random.default_rng([seed, 2]).normal(
        0, _TOPIC, [NUM_TOPICS, width]
    )


def write_features(
    folder: Path, toy: ToyRecipe, seed: int, *, show: bool = True
) -> None:
    """Writes `train0000.tfrecord`, `validate0000.tfrecord` and so on.

    Files that exist are kept: each appears by rename, and its content is a
    function of the arguments.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = "".join(f"topic {number}\n" for number in range(NUM_TOPICS))
    write_atomically(folder / "label_map.txt", names)
    todo = []
    for split, count in zip(
        SPLITS, (toy.train_videos, toy.test_videos), strict=True
    ):
        for number, first in enumerate(range(0, count, _PER_FILE)):
            path = folder / f"{split}{number:04}.tfrecord"
            if not path.exists():
                some = range(first, min(first + _PER_FILE, count))
                todo.append((path, seed, split, some))
    for job in tqdm(
        todo,
        unit="file",
        desc="writing toy features",
        disable=not show or not todo,
    ):
        _write(*job)


def _write(path: Path, seed: int, split: str, indices: range) -> None:
    with naming_refusal(path), appearing(path) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for index in indices:
                labels = make_video(seed, split, index).topics
                features = make_features(seed, split, index)
                name = f"{split}-{index:05}"
                split_at = FEATURES["rgb"]
                parts = {
                    "rgb": features[:, :split_at],
                    "audio": features[:, split_at:],
                }
                writer.write(feature_record(name, labels, parts))
