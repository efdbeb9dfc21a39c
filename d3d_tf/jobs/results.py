"""The results table, row by row, on the screen and in results.json."""

import platform
import time

import d3d_tf
from d3d_tf.config import digest, to_dict
from d3d_tf.console import say
from d3d_tf.jobs.experiment import Experiment
from d3d_tf.jobs.table import header, line


def write_table(
    experiment: Experiment,
    roles: tuple[str, ...],
    *,
    flow_mismatch: dict | None = None,
) -> dict:
    """Makes the rows in turn; shows and saves each as soon as it exists.

    Args:
      experiment: what makes them.
      roles: which.
      flow_mismatch: flows that differ although they should not, written down.
    """
    begin = time.time()
    recipe, dataset = experiment.recipe, experiment.dataset
    tests = dataset.test_splits or ["train"]
    earlier = experiment.run.read_results()
    results = {
        "recipe": to_dict(recipe),
        "recipe_hash": digest(recipe),
        "code_version": d3d_tf.__version__,
        "seed": recipe.seed,
        "dataset": {
            key: dataset.info[key] for key in ("name", "digest", "num_videos")
        },
        "flow": dataset.flow,
        "flow_recipe": dataset.info["flow_recipe"],
        "flow_mismatch": flow_mismatch,
        "protocol": (
            f"1 clip x 1 centre crop x {recipe.clip.frames} frames at "
            f"{recipe.data.frame_rate:g} fps; bare metric names are for the "
            f"split {tests[-1]}; ms per video: batch 1, flow (one core) where "
            f"the row needs it, decoding excluded, {platform.processor()} "
            f"{platform.machine()}, {experiment.devices()}"
        ),
        "metrics": {},
        "per_class": {},
        "wall_seconds": 0.0,
    }
    say(header(tests))
    for role in roles:
        row = experiment.row(role)
        say(line(row, tests, toy=recipe.toy is not None))
        results["metrics"] |= row.metrics(tests)
        if role == "student" or not results["per_class"]:
            results["per_class"] = row.scores[tests[-1]].per_class(
                dataset.classes
            )
        results["wall_seconds"] = (
            earlier.get("wall_seconds", 0.0) + time.time() - begin
        )
        experiment.run.write_results(results)
    return results
