"""What a run's detector says of a video file: a list and an annotated video."""

import time
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import require_local
from d3d_tf.config import Recipe
from d3d_tf.detection.person_boxes import read_person_boxes
from d3d_tf.detection.spans import every_second
from d3d_tf.detector.network import Detector
from d3d_tf.detector.predicting import (
    Predicted,
    finds_persons,
    predict_keyframes,
)
from d3d_tf.detector.scoring import write_detections
from d3d_tf.disk import naming_refusal, require_own_folder
from d3d_tf.errors import UsageError, UserError
from d3d_tf.names import printable
from d3d_tf.report.annotated_video import write_annotated
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.screen import say
from d3d_tf.tasks.detection.scores import keyframe_of
from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import frame_times

LIST, VIDEO = "detections.csv", "detections.mp4"
_MICRO = 1_000_000


def predict_video(
    run: Run, role: str, path: str, detections: str | None, out: str | None
) -> None:
    """Writes `detections.csv` and `detections.mp4`, and says what is in them.

    Args:
      run: of a detector.
      role: of the network that answers.
      path: the video file; the name without its ending is its id.
      detections: a file of boxes of its persons, see `read_person_boxes`; None:
        the network finds them, in every second.
      out: the folder that is written; None: `ID-detections`.

    Raises:
      UsageError: persons must be given, or the folder has something else in it.
      UserError: a file cannot be used.
    """
    video, recipe = printable(Path(path).stem), run.recipe()
    folder = require_local(out or f"{Path(path).stem}-detections", "--out")
    require_own_folder("predict", folder, (LIST, VIDEO), [path, detections])
    boxes, notes = None, list[str]()
    if detections:
        boxes, notes = read_person_boxes(
            detections, video, recipe.detector.least_score
        )
        _require_within(list(boxes), detections, recipe)
    network = _loaded(run, role, video, alone=boxes is None)
    begin = time.perf_counter()
    try:
        times, length = _times(path)
        asked = list(boxes) if boxes else _seconds(length, recipe)
        found = predict_keyframes(network, path, video, asked, boxes, recipe)
        if not len(found.scores.ids):
            raise UserError(
                f"{path} is over after {length:.1f} s, before the keyframes of "
                f"{detections}, the first of which is at "
                f"{asked[0] / _MICRO:g} s."
            )
        with naming_refusal(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_annotated(
            folder / VIDEO,
            path,
            times,
            [
                keyframe_of(id_)[1] / _MICRO - recipe.data.first_second
                for id_ in found.scores.ids
            ],
            found.scores,
            run.labels(),
        )
    except UnreadableVideo as error:
        raise UserError(f"{path} cannot be used: {error}.") from error
    write_detections(folder / LIST, found.scores)
    say(f"{path}, by {run.folder}:")
    for note in notes:
        say(f"{detections}: left out {note}")
    _describe(found, length, time.perf_counter() - begin)
    say(f"detections: {folder / LIST}")
    say(f"video: {folder / VIDEO}")


def _loaded(run: Run, role: str, video: str, *, alone: bool) -> Detector:
    """The network, which must find persons if it is left `alone` with that."""
    network = load_checkpoint(run.folder, role)
    if alone and not finds_persons(network):
        raise UsageError(
            f"The detector in {run.folder} does not find persons: say where "
            "they are with --detections=BOXES.csv, rows of "
            f"{video},SECOND,x1,y1,x2,y2 (docs/detection.md)."
        )
    return network


def _times(path: str) -> tuple[list[float], float]:
    """When each frame is shown, and when the last one ends; from 0 s on."""
    times = np.array(frame_times(path))
    times -= times[0]
    # Of a single frame nobody knows how long it is shown.
    gaps = np.diff(times) if len(times) > 1 else np.zeros(1)
    return times.tolist(), float(times[-1] + np.median(gaps))


def _require_within(times: list[int], detections: str, recipe: Recipe) -> None:
    first = recipe.data.first_second
    if times[0] / _MICRO < first:
        raise UserError(
            f"{detections} has a keyframe at {times[0] / _MICRO:g} s, before "
            f"the video begins: by the recipe of the run, seconds count so "
            f"that files begin at data.first_second={first:g}."
        )


def _seconds(length: float, recipe: Recipe) -> list[int]:
    clip = recipe.evaluation.clip_of(recipe.clip)
    first = round(recipe.data.first_second * _MICRO)
    return [
        time + first
        for time in every_second(length, clip, recipe.data.frame_rate)
    ]


def _describe(found: Predicted, length: float, seconds: float) -> None:
    scores = found.scores
    persons = (scores.boxes[..., 2:] > scores.boxes[..., :2]).all(-1).sum()
    count = len(scores.ids)
    if found.late:
        say(
            "left out, as the video ends before them, after "
            f"{length:.1f} s: {found.late} keyframes"
        )
    say(
        f"keyframes: {count}, persons: {persons}, actions above 50 %: "
        f"{(scores.probabilities > 0.5).sum()}"
    )
    alone = 1000 / found.milliseconds
    say(
        f"keyframes per second: {alone:.1f} in the network, "
        f"{count / seconds:.1f} with decoding and drawing, which is "
        f"{length / seconds:.2g} times real time"
    )
