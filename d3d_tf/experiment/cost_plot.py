"""Accuracy against multiply-adds per video, as in figure A.1 of X3D.

Points of one network with other views are joined by a line.
"""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path

from d3d_tf import config
from d3d_tf.atomic_files import write_atomically
from d3d_tf.damaged import read_json
from d3d_tf.errors import UserError
from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.models import make_network
from d3d_tf.report.cost_figure import Point, draw
from d3d_tf.roles import STREAM, stream_of, titles
from d3d_tf.screen import say
from d3d_tf.streams import CHANNELS
from d3d_tf.tasks import DETECTION, task_of

# Classes do not change what papers count by more than a thousandth; of networks
# of features, those of YouTube-8M's release of 2018.
_CLASSES, _TOPICS = 400, 3862


def plot_costs(places: Sequence[Path], out: str) -> None:
    """Draws the networks of all results, and shows the numbers.

    Args:
      places: results.json of runs.
      out: the picture, .svg, .png or .pdf.

    Raises:
      UserError: a file holds no results.
    """
    points = [point for place in places for point in points_of(place)]
    say(f"{'network':42}{'views':>8}{'G multiply-adds':>18}{'accuracy':>26}")
    for point in points:
        low, high = point.interval
        say(
            f"{point.name:42}{point.views:>8}{point.multiply_adds / 1e9:>18.3f}"
            f"{f'{point.value:.1f} [{low:.1f}, {high:.1f}]':>26}"
        )
    write_atomically(out, draw(points, Path(out).suffix[1:]))
    say(f"picture: {out}")


def points_of(path: Path) -> list[Point]:
    """Of the networks that one results.json has.

    Raises:
      UserError: it holds no results, or those of a detector.
    """
    results = read_json(
        path,
        {"recipe": dict, "metrics": dict, "dataset": {"name": str}},
        "--mode=evaluate makes it again",
    )
    recipe = config.from_dict(results["recipe"], str(path))
    if recipe.task == DETECTION:
        raise UserError(
            f"{path} is of a detector, whose multiply-adds depend on the size "
            "of the frames and on the boxes: it has no place in this plot."
        )
    if recipe.of_features:
        raise UserError(
            f"{path} is of networks of features, which count no frames of "
            "pictures: it has no place in this plot."
        )
    scores = task_of(recipe.task).scores
    headline = scores.headline()
    metric = scores.measures[headline]
    # Whose views alone differ are points of one line.
    trained = dataclasses.replace(recipe, evaluation=config.EvaluationRecipe())
    found = []
    for role in STREAM:
        entry = results["metrics"].get(f"{role}/{headline}")
        if entry:
            scale = metric.scale
            found.append(
                Point(
                    network=f"{role} {config.digest(trained)}",
                    name=f"{recipe.network_of(role).model}, "
                    f"{titles(recipe)[role]}, "
                    f"{results['dataset']['name']}",
                    views=recipe.evaluation.clips * recipe.evaluation.crops,
                    multiply_adds=_multiply_adds(recipe, role),
                    value=scale * entry["value"],
                    interval=(
                        scale * entry["ci95"][0],
                        scale * entry["ci95"][1],
                    ),
                    unit=f"{metric.title}, {metric.unit}",
                )
            )
    return found


def _multiply_adds(recipe: config.Recipe, role: str) -> int:
    """Of all views of a video; neither flow nor features are counted."""
    network, stream = recipe.network_of(role), stream_of(recipe, role)
    if recipe.of_features:
        return _of_clip(network, stream, (recipe.frames_of(role).seen,))
    views = recipe.evaluation
    clip = views.clip_of(recipe.clip)
    once = _of_clip(network, stream, (clip.frames, clip.size, clip.size))
    return once * views.clips * views.crops


@functools.cache
def _of_clip(
    network: config.NetworkRecipe, stream: str, axes: tuple[int, ...]
) -> int:
    classes = _TOPICS if len(axes) == 1 else _CLASSES
    built = make_network(network, classes, stream)
    return measure_cost(built, (*axes, CHANNELS[stream])).multiply_adds
