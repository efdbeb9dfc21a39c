"""Accuracy against multiply-adds per video, as in figure A.1 of X3D.

Points of one network with other views are joined by a line.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from d3d_tf import config
from d3d_tf.atomic_files import write_atomically
from d3d_tf.damaged import read_json
from d3d_tf.errors import UsageError, UserError
from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.models import make_network
from d3d_tf.report.cost_figure import Point, draw
from d3d_tf.roles import STREAM, titles
from d3d_tf.screen import say
from d3d_tf.streams import CHANNELS
from d3d_tf.tasks import task_of

ENDINGS = (".svg", ".png", ".pdf")
# Classes do not change what papers count by more than a thousandth.
_CLASSES = 400


def plot_costs(places: Sequence[str], out: str) -> None:
    """Draws the networks of all results, and shows the numbers.

    Args:
      places: run folders, or results.json of runs.
      out: the picture.

    Raises:
      UsageError: the picture has another ending.
      UserError: a file holds no results.
    """
    if Path(out).suffix not in ENDINGS:
        raise UsageError(
            f"--plot={out}: a picture ends with {', '.join(ENDINGS)}."
        )
    points = [point for place in places for point in points_of(Path(place))]
    say(f"{'network':42}{'views':>8}{'G multiply-adds':>18}{'accuracy':>26}")
    for point in points:
        low, high = point.interval
        say(
            f"{point.name:42}{point.views:>8}{point.multiply_adds / 1e9:>18.3f}"
            f"{f'{point.value:.1f} [{low:.1f}, {high:.1f}]':>26}"
        )
    write_atomically(out, draw(points, Path(out).suffix[1:]))
    say(f"picture: {out}")


def points_of(place: Path) -> list[Point]:
    """Of the networks that one results.json has.

    Args:
      place: a run folder, or the file.

    Raises:
      UserError: it holds no results.
    """
    path = place / "results.json" if place.is_dir() else place
    if not path.exists():
        raise UserError(f"There are no results {path}.")
    results = read_json(
        path,
        {"recipe": dict, "metrics": dict, "dataset": {"name": str}},
        "--mode=evaluate makes it again",
    )
    recipe = config.from_dict(results["recipe"], str(path))
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
                    name=f"{recipe.network_of(role).model}, {titles()[role]}, "
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
    """Of all views of a video; flow is not counted."""
    views, stream = recipe.evaluation, STREAM[role]
    clip = views.clip_of(recipe.clip)
    network = make_network(recipe.network_of(role), _CLASSES, stream)
    shape = (clip.frames, clip.size, clip.size, CHANNELS[stream])
    once = measure_cost(network, shape).multiply_adds
    return once * views.clips * views.crops
