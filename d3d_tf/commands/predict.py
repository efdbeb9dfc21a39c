"""`--mode=predict`: a file in, a network's answer out."""

from pathlib import Path

from d3d_tf.commands.common import chosen_run
from d3d_tf.errors import UsageError
from d3d_tf.roles import STREAM, STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.tasks import DETECTION


def run(
    *,
    data: str | None = None,
    checkpoint: str | None = None,
    run_dir: str | None = None,
    detections: str | None = None,
    out: str | None = None,
) -> None:
    """Prints the answer on a video: the five most probable classes.

    The baseline answers while no student is finished, and that is said. The
    centre clip and crop are used, whatever views the run is evaluated by. A
    detector writes who does what where; see `predict_video`. A network of
    features answers on the videos of a file of YouTube-8M's, see
    `predict_features`, or on a video, see `probabilities_of_video`.

    Args:
      data: the video file, or one of features.
      checkpoint: a run, published weights or a module; None: `run_dir`, or the
        newest run.
      run_dir: as `checkpoint`.
      detections: boxes of persons, for a detector.
      out: the folder that a detector writes, or for a list of classes of
        features.

    Raises:
      UsageError: no file is named, or no run, or a flag is for another one.
      UserError: the file cannot be used, or the run has no RGB network yet.
    """
    if not data:
        raise UsageError("--mode=predict needs --data=FILE.")
    asked = chosen_run(checkpoint, run_dir)
    recipe = asked.recipe()
    is_detector = recipe.task == DETECTION
    if detections and not is_detector:
        _refuse("detections", asked)
    if out and not (is_detector or recipe.of_features):
        _refuse("out", asked)
    from d3d_tf.runs.loading import role_to_load
    from d3d_tf.tasks import task_of

    role = role_to_load(asked)
    if recipe.of_features:
        return _predict_features(asked, role, data, out)
    if is_detector:
        from d3d_tf.experiment.predict_video import predict_video

        return predict_video(asked, role, data, detections, out)
    probabilities = class_probabilities(asked, role, data)
    if role != STUDENT and not asked.is_converted():
        say(f"{asked.folder} has no finished student: its {role} answers.")
    say(f"{data}, by {asked.folder}:")
    task = task_of(recipe.task)
    for line in task.describe(probabilities, asked.labels()):
        say(line)


def _predict_features(run: Run, role: str, path: str, out: str | None) -> None:
    from d3d_tf.experiment.predict_features import (
        holds_records,
        predict_features,
    )

    if out or holds_records(path) or not Path(path).is_file():
        return predict_features(run, role, path, out)
    from d3d_tf.extract.predict import probabilities_of_video
    from d3d_tf.tasks import task_of

    found = probabilities_of_video(run, role, path)
    say(f"{path}, by the {role} of {run.folder}:")
    for line in task_of(run.recipe().task).describe(found, run.labels()):
        say(line)


def _refuse(flag: str, run: Run) -> None:
    raise UsageError(
        f"--{flag} is for detectors; the run in {run.folder} has "
        f"task={run.recipe().task}, and its answer is printed."
    )


def class_probabilities(run: Run, role: str, path: str):
    """What a network of a run says of the centre clip of a video.

    Returns:
      float32 `[classes]`, in the order of the run's labels.

    Raises:
      UserError: the file cannot be used, or the network is not finished.
    """
    from d3d_tf.experiment.video_clip import network_input, read_clip
    from d3d_tf.runs.loading import load_checkpoint
    from d3d_tf.tasks import task_of

    recipe = run.recipe()
    network = load_checkpoint(run.folder, role)
    clip = network_input(
        read_clip(path, recipe), recipe, STREAM[role], network.pixels
    )
    return task_of(recipe.task).probabilities(network(clip))[0].numpy()
