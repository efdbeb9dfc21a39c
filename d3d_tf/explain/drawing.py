"""Maps on the frames that they explain, and the video of them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import appearing
from d3d_tf.disk import naming_refusal
from d3d_tf.experiment.video_clip import VideoClip
from d3d_tf.explain.answer import Explained
from d3d_tf.report.marks import titled
from d3d_tf.report.pictures import heat_to_rgb
from d3d_tf.video.writing import write_video

SMALLEST = 224  # Pixels of a frame's side in the video: words need some.
_CRF = 18


def shown_frames(clip: VideoClip) -> np.ndarray:
    """uint8 `[time, size, size, 3]`: the frames that the networks saw."""
    return np.rint(clip.pixels()).astype(np.uint8)


def overlaid(frames: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Frames, blue where least speaks for the class and red where most.

    Args:
      frames: uint8 `[time, height, width, 3]`.
      maps: float `[time, height, width]` in [0, 1].

    Returns:
      uint8, like `frames`: the mean of frame and colour.
    """
    colours = heat_to_rgb(maps, 1.0, "turbo")
    return ((frames.astype(np.uint16) + colours) // 2).astype(np.uint8)


def write_overlays(
    target: Path, clip: VideoClip, found: list[Explained], names: list[str]
) -> None:
    """Writes an MP4 of the clip, in its own time.

    A row for each network: the frame, and beside it an overlay for each class.

    Args:
      target: the file, which appears when it is whole.
      clip: the frames.
      found: the networks.
      names: of the classes.

    Raises:
      DiskError: there is no room, or no right to write.
    """
    frames = shown_frames(clip)
    times = np.arange(len(frames)) * clip.gap
    with naming_refusal(target), appearing(target) as temporary:
        write_video(
            temporary,
            _pictures(clip, frames, found, names),
            max(1, round(1 / clip.gap)),
            times=times.tolist(),
            crf=_CRF,
        )


def _pictures(
    clip: VideoClip, frames: np.ndarray, found: list[Explained], names
) -> Iterator[np.ndarray]:
    larger = -(-SMALLEST // frames.shape[1])
    rows = [
        (
            one.asked.title,
            [
                (f"{name} {100 * probability:.1f} %", overlaid(frames, maps))
                for name, probability, maps in zip(
                    names, one.probabilities, one.maps, strict=True
                )
            ],
        )
        for one in found
    ]
    for number, second in enumerate(clip.times):
        picture = np.concatenate(
            [
                np.concatenate(
                    [
                        titled(_enlarged(pixels[number], larger), words)
                        for words, pixels in (
                            (f"{second:.2f} s  {title}", frames),
                            *overlays,
                        )
                    ],
                    axis=1,
                )
                for title, overlays in rows
            ]
        )
        height, width = picture.shape[:2]
        yield picture[: height // 2 * 2, : width // 2 * 2]


def _enlarged(pixels: np.ndarray, times: int) -> np.ndarray:
    return pixels.repeat(times, axis=0).repeat(times, axis=1)
