"""The results table, row by row, on the screen and in results.json."""

import time

import d3d_tf
from d3d_tf import processor
from d3d_tf.config import SPACINGS, Recipe, digest, to_dict
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.data.dataset import Dataset
from d3d_tf.errors import UserError
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.experiment.rows import Row, header, line
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.tasks import DETECTION, task_of


def describe_views(recipe: Recipe, dataset: Dataset, splits: list[str]) -> str:
    """What of each video was scored, and how many were shorter than that."""
    views = recipe.evaluation
    clip = views.clip_of(recipe.clip)
    if recipe.task == DETECTION:
        return _describe_boxes(recipe)
    if recipe.of_features:
        return _describe_frames(recipe)
    clips = "1 clip" if views.clips == 1 else f"{views.clips} clips"
    crops = "1 centre crop" if views.crops == 1 else f"{views.crops} crops"
    if views.clips > 1 and clip.sampling == "dense":
        clips += f" ({SPACINGS[views.spacing]})"
    if views.even_margins:
        crops += " (as MMAction2's ThreeCrop)"
    text = f"{clips} x {crops} x {clip.frames} frames"
    if clip.sampling == "segments":
        text += " (one of each of as many parts)"
    if clip.stride > 1:
        text += f" ({clip.stride} apart)"
    text += " at "
    # The records' own: those of another run may have another.
    text += f"{dataset.info['recipe']['data']['frame_rate']:g} fps"
    if views.scaled_short_side:
        text += (
            f", {clip.size} pixels of a short side of {views.scaled_short_side}"
        )
    if views.clips * views.crops > 1:
        averaged = task_of(recipe.task).scores.averaged
        text += f", {views.pooling} of the {averaged}"
    for split in splits:
        shorter = dataset.count_shorter(split, clip.needed)
        if shorter:
            text += (
                f"; {shorter} of {dataset.splits[split]} videos of {split} are "
                f"shorter and {clip.when_shorter(views.repeats)}"
            )
    return text


def _describe_boxes(recipe: Recipe) -> str:
    """Of a detector: what it was shown, and who found the persons."""
    frames, side = recipe.clip.frames, recipe.evaluation.scaled_short_side
    text = f"whole frames, {frames} around each keyframe"
    if side:
        text += f", of a short side of {side}"
    if recipe.detector.scored == "truth":
        return f"{text}; ORACLE: the boxes are those of the ground truth"
    if recipe.detector.scored == "rpn":
        return (
            f"{text}; the RPN finds the persons, {recipe.persons.proposals} "
            "proposals at most, non-maximum suppression of each action at an "
            f"IoU of {recipe.persons.suppress_iou:g}"
        )
    return f"{text}; proposals from {recipe.detector.least_score:g} on"


def _describe_frames(recipe: Recipe) -> str:
    """Of videos of features: what teacher and students see."""
    some = recipe.fewer_frames
    if some.way == "all":
        return f"all frames of a video, {MAX_FRAMES} at most"
    count = f"{some.k} frames ({some.way})"
    if some.way == "uniform":
        count = f"every {some.every}-th of {MAX_FRAMES} frames"
    return f"the teacher: all frames, {MAX_FRAMES} at most; others: {count}"


def set_damaged_aside(run: Run) -> None:
    """Makes room for new results where nobody can read the old ones."""
    try:
        run.read_results()
    except UserError as error:
        aside = run.results_path.with_name("damaged-results.json")
        run.results_path.replace(aside)
        say(f"warning: {error} It is set aside as {aside.name}.")


class Table:
    """The results table: each row is shown and saved as soon as it is there.

    Args:
      experiment: whose rows they are; damaged results of it are set aside.
    """

    def __init__(self, experiment: Experiment):
        self._experiment = experiment
        self._begin = time.monotonic()
        set_damaged_aside(experiment.run)
        earlier = experiment.run.read_results()
        self._seconds_before = earlier.get("wall_seconds", 0.0)
        self._splits = experiment.dataset.test_splits or ["train"]
        self._results = _head(experiment, self._splits)
        if experiment.recipe.task == DETECTION:
            say(_describe_boxes(experiment.recipe))
        say(header(self._splits, task_of(experiment.recipe.task).scores))

    def add(self, row: Row) -> None:
        """Shows a row and writes results.json with all rows so far."""
        experiment, results = self._experiment, self._results
        toy, title = (
            experiment.recipe.toy is not None,
            experiment.title(row.role),
        )
        say(line(row, self._splits, toy=toy, name=title))
        results["metrics"] |= row.metrics(self._splits)
        if row.role == STUDENT or not results["per_class"]:
            results["per_class"] = row.scores[self._splits[-1]].per_class(
                experiment.dataset.classes
            )
        results["wall_seconds"] = (
            self._seconds_before + time.monotonic() - self._begin
        )
        experiment.run.write_results(results)


def _timed(recipe: Recipe) -> str:
    """What the milliseconds of a video are of."""
    if recipe.of_features:
        return "features of one video to logits, batch 1, reading excluded"
    return (
        f"one clip of {recipe.clip.frames} frames, batch 1, flow (one core) "
        "where the row needs it, decoding excluded"
    )


def _head(experiment: Experiment, splits: list[str]) -> dict:
    """What results.json says before there is a row."""
    recipe, dataset = experiment.recipe, experiment.dataset
    return {
        "recipe": to_dict(recipe),
        "recipe_hash": digest(recipe),
        "code_version": d3d_tf.__version__,
        "seed": recipe.seed,
        "dataset": {
            key: dataset.info[key] for key in ("name", "digest", "num_videos")
        },
        "flow": dataset.flow,
        "flow_recipe": dataset.info["flow_recipe"],
        "flow_mismatch": experiment.flow_mismatch,
        "weights": experiment.run.weights(),
        "protocol": (
            f"{describe_views(recipe, dataset, splits)}; bare metric names are "
            f"for the split {splits[-1]}; ms per video: {_timed(recipe)}, "
            f"{processor.description()}, {experiment.devices()}"
        ),
        "metrics": {},
        "per_class": {},
        "wall_seconds": 0.0,
    }
