"""Runs a detector over the keyframes of one video file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from d3d_tf.config import Recipe
from d3d_tf.detection.spans import span_around
from d3d_tf.detector.clips import around, shown
from d3d_tf.detector.network import Detector
from d3d_tf.detector.scoring import Timed, joined
from d3d_tf.tasks.detection.scores import DetectionScores, id_of
from d3d_tf.video.several import read_clips

_MICRO = 1_000_000


class Predicted(NamedTuple):
    """What a detector says of a video.

    Attributes:
      scores: as of a split, with nothing known to be true.
      milliseconds: of a keyframe in the network, the median.
      late: keyframes after the end of the video, which are not in `scores`.
    """

    scores: DetectionScores
    milliseconds: float
    late: int


def finds_persons(network: Detector) -> bool:
    """Whether it needs no boxes."""
    return network.persons is not None


def predict_keyframes(
    network: Detector,
    path: str | Path,
    video: str,
    times: Sequence[int],
    boxes: Mapping[int, np.ndarray] | None,
    recipe: Recipe,
) -> Predicted:
    """What it says of each keyframe, on such clips as it was scored on.

    The video is decoded once, and only clips around the keyframe are in memory.

    Args:
      network: a detector.
      path: the video file.
      video: its id.
      times: of the keyframes, sorted, in microseconds as `data.first_second`
        counts them.
      boxes: of the persons at each, float `[boxes, 4]`, y1, x1, y2, x2 as
        shares; None: the network finds them.
      recipe: of its run.

    Raises:
      UnreadableVideo: the file cannot be used.
    """
    ask = Timed(network.detect_persons if boxes is None else network.detect)
    most = 0 if boxes is None else max(map(len, boxes.values()))
    actions = network.actions.units
    ids: list[str] = []
    parts = [(np.zeros([0, most, actions]), np.zeros([0, most, 4]))]
    bar = tqdm(times, unit="keyframe", desc="predicting", leave=False)
    clips = keyframe_clips(network, path, times, recipe)
    for time, frames in zip(bar, clips, strict=True):
        if frames is None:
            continue
        ids.append(id_of(video, time))
        if boxes is None:
            parts.append(ask(frames))
            continue
        asked = np.zeros([1, most, 4], np.float32)
        asked[0, : len(boxes[time])] = boxes[time]
        answers, where = ask(frames, asked)
        there = (asked[..., 2:] > asked[..., :2]).all(-1, keepdims=True)
        parts.append((answers * there, where * there))
    scores = DetectionScores(
        np.array(ids),
        np.zeros([len(ids), 0, 4 + actions], np.float32),
        boxes=joined([where for _, where in parts]),
        probabilities=joined([answers for answers, _ in parts]),
    )
    return Predicted(scores, ask.milliseconds(), len(times) - len(ids))


def keyframe_clips(
    network: Detector, path: str | Path, times: Sequence[int], recipe: Recipe
) -> Iterator:
    """Yields `[1, time, height, width, 3]` as the network takes it, or None.

    None: the video ends before the keyframe; there are no such records, either.
    """
    data, clip = recipe.data, recipe.evaluation.clip_of(recipe.clip)
    spans = [
        span_around(time / _MICRO - data.first_second, data) for time in times
    ]
    videos = read_clips(
        path,
        [(span.start, span.end) for span in spans],
        frame_rate=data.frame_rate,
        short_side=data.short_side,
        square_pixels=data.square_pixels,
    )
    for span, video in zip(spans, videos, strict=True):
        if video is None or span.keyframe >= len(video.frames):
            yield None
            continue
        places = around(span.keyframe, len(video.frames), clip)
        pixels = shown(
            tf.gather(video.frames, places),
            recipe.evaluation.scaled_short_side,
        )
        yield network.pixels.from_bytes(tf.cast(pixels, tf.float32)[None])
