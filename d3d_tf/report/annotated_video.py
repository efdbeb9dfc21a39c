"""A video with what a detector says of it drawn on its frames."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import appearing
from d3d_tf.disk import naming_refusal
from d3d_tf.report.marks import Mark, marked
from d3d_tf.tasks.detection.scores import DetectionScores
from d3d_tf.video.reading import first_frame_size, frames_of
from d3d_tf.video.writing import write_video

# Of the short side, in pixels: words need some, and encoding takes its time.
SMALLEST, LARGEST = 240, 360
ACTING, IDLE = "#2ecc40", "#dddddd"  # Of boxes with and without an action.
_LIKELY = 0.5
_NEAR = 0.5  # Seconds; keyframes are one apart.
_CRF = 23


def write_annotated(
    target: Path,
    path: str | Path,
    times: Sequence[float],
    keyframes: Sequence[float],
    scores: DetectionScores,
    classes: Sequence[str],
) -> None:
    """Writes an MP4 of all frames at their own times, without sound.

    A frame has the boxes of the nearest keyframe within half a second, each
    with its actions above 50 %. The same arguments give the same bytes.

    Args:
      target: the file, which appears when it is whole.
      path: the video.
      times: of its frames, in seconds from the first.
      keyframes: their times, as many as `scores` has, sorted.
      scores: what is drawn.
      classes: names of the actions.

    Raises:
      UnreadableVideo: the video cannot be used.
      DiskError: there is no room, or no right to write.
    """
    side = min(max(min(first_frame_size(path)), SMALLEST), LARGEST)
    marks = [
        marks_of(*answer, classes)
        for answer in zip(scores.boxes, scores.probabilities, strict=True)
    ]

    def frames() -> Iterator[np.ndarray]:
        pixels_of = frames_of(path, side)
        for time, pixels in zip(times, pixels_of, strict=True):
            height, width = pixels.shape[:2]
            even = pixels[: height // 2 * 2, : width // 2 * 2]
            near = int(np.abs(np.subtract(keyframes, time)).argmin())
            is_near = abs(keyframes[near] - time) <= _NEAR
            yield marked(even, marks[near] if is_near else [])

    rate = round((len(times) - 1) / times[-1])
    with naming_refusal(target), appearing(target) as temporary:
        write_video(
            temporary,
            frames(),
            max(1, rate),
            times=times,
            crf=_CRF,
            preset="superfast",
        )


def marks_of(
    boxes: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> list[Mark]:
    """The persons of a keyframe, with a line for each action.

    Args:
      boxes: `[N, 4]`, y1, x1, y2, x2 as shares; those without an area are none.
      probabilities: `[N, classes]`.
      classes: names of the actions.
    """
    found = []
    for box, row in zip(boxes, probabilities, strict=True):
        if not (box[2:] > box[:2]).all():
            continue
        lines = [
            f"{classes[i]} {100 * row[i]:.0f} %"
            for i in np.argsort(-row, kind="stable")
            if row[i] > _LIKELY
        ]
        colour = ACTING if lines else IDLE
        found.append(Mark(tuple(box), colour, "\n".join(lines)))
    return found
