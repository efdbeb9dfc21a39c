"""The mean of runs over official splits.

UCF-101 and HMDB-51 have three official splits, and many papers report the mean
of their accuracies (D3D's table 4 is of the first split alone).
"""

from d3d_tf.config import differences
from d3d_tf.errors import UserError
from d3d_tf.evaluation.metrics import Metric
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import DEFAULT, task_of

OFFICIAL = 3
# What may differ between the runs of one experiment.
_FREE = ("name", "seed", "data.split")


def splits_of(runs: list[Run]) -> list[int | None]:
    """The official split of each run, 1 to 3; None: not a run with results.

    Raises:
      UserError: results are damaged.
    """
    recipes = [run.read_results().get("recipe", {}) for run in runs]
    return [recipe.get("data", {}).get("split") for recipe in recipes]


def mean_over_splits(runs: list[Run]) -> dict:
    """Means of the accuracies that all runs have.

    Args:
      runs: finished ones of one experiment, each on another split.

    Returns:
      `{metric: {"mean": 0..1, "splits": {split: entry of results.json}}}`.

    Raises:
      UserError: a run has no results, or they are not of one experiment.
    """
    found = [_results(run) for run in runs]
    splits = [results["recipe"]["data"]["split"] for results in found]
    if len(set(splits)) < len(splits):
        raise UserError(
            f"Each run must be of another split; these are of {splits}."
        )
    for run, results in zip(runs[1:], found[1:], strict=True):
        _require_alike(runs[0], found[0], run, results)
    names = [
        name
        for name in found[0]["metrics"]
        if name.split("/")[1] in measures_of(found[0])
        and all(name in results["metrics"] for results in found)
    ]
    means = {}
    for name in names:
        entries = {
            split: results["metrics"][name]
            for split, results in sorted(zip(splits, found, strict=True))
        }
        values = [entry["value"] for entry in entries.values()]
        means[name] = {"mean": sum(values) / len(values), "splits": entries}
    return means


def measures_of(results: dict) -> dict[str, Metric]:
    """The measures of a run's task, by its results.json."""
    task = results["recipe"].get("task", DEFAULT)
    return task_of(task).scores.measures


def _results(run: Run) -> dict:
    results = run.read_results()
    if not results:
        raise UserError(f"{run.folder} has no results yet.")
    if "recipe" not in results:
        raise UserError(
            f"{run.folder} holds an ensemble, not a run: of which split it is, "
            "its results do not say."
        )
    return results


def _require_alike(first: Run, ours: dict, run: Run, theirs: dict) -> None:
    pair = [
        results["recipe"] | {"weights": _starts(results)}
        for results in (ours, theirs)
    ]
    found = [d for d in differences(*pair) if d[0] not in _FREE]
    if found:
        text = "; ".join(
            f"{key} is {old!r} in {first.folder}, {new!r} in {run.folder}"
            for key, old, new in found[:3]
        )
        raise UserError(f"These runs are not of one experiment: {text}.")


def _starts(results: dict) -> str:
    """What trainings started from; of another split it would know the test."""
    weights = results.get("weights") or {}
    return ", ".join(entry["run"] for entry in weights.get("init", ()))


def lines(means: dict, measures: dict[str, Metric]) -> list[str]:
    """For people: each mean, and under it the splits with their intervals."""
    text = []
    for name, entry in means.items():
        metric = measures[name.split("/")[1]]
        count = len(entry["splits"])
        text.append(
            f"{name}: {metric.scale * entry['mean']:.1f} {metric.unit}, "
            f"mean of {count} splits"
        )
        for split, one in entry["splits"].items():
            number = metric.text(one)
            text.append(f"  split {split}: {number}, {one['n']} videos")
    if means and count < OFFICIAL:
        text.append(
            f"warning: {count} of {OFFICIAL} splits; papers report all three, "
            "or the first."
        )
    return text
