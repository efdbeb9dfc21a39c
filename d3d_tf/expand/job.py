"""The expansion: candidates of every step, the best of which is kept."""

from pathlib import Path

import d3d_tf
from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import Recipe, digest, to_dict
from d3d_tf.data.dataset import Dataset
from d3d_tf.errors import UsageError
from d3d_tf.expand.candidates import (
    Candidate,
    cost_of,
    first_size,
    measured,
    recipe_of,
)
from d3d_tf.expand.page import write_page
from d3d_tf.models.x3d.expansion import (
    Cost,
    Size,
    candidate,
    contracted,
)
from d3d_tf.screen import say
from d3d_tf.sealed import sealed


def expand(recipe: Recipe, dataset: Dataset, folder: Path) -> Path:
    """Grows a network until it costs `expand.budget` (X3D, section 3.3).

    Every step trains one candidate per axis, which costs about twice as much as
    the network before, and keeps the most accurate; of equal ones the cheapest.
    If the last step costs too much, its axis is gone back on. What is trained
    is not trained again.

    Args:
      recipe: with all sizes set; `network` and `clip` are those of the first.
      dataset: the records.
      folder: for expand.json, the page, and a run of each candidate.

    Returns:
      The page.

    Raises:
      UsageError: the network is not an X3D, or costs too much to begin with.
      UserError: see `candidates.measured`.
    """
    budget = 1e9 * recipe.expand.budget
    size, cost = first_size(recipe), cost_of(recipe, dataset)
    if cost(size) > budget:
        raise UsageError(
            f"The first network costs {cost(size) / 1e9:.3f} G "
            f"multiply-adds, more than expand.budget={recipe.expand.budget}."
        )
    best = measured(recipe, dataset, size, 0, "", folder / "step00")
    ladder, tried = [best], [best]
    for step in range(1, recipe.expand.most_steps + 1):
        sizes = _sizes(recipe, best.size, step, cost)
        if not sizes or best.multiply_adds >= budget:
            break
        found = [
            measured(
                *(recipe, dataset, grown, step, axis),
                folder / f"step{step:02}-{axis}",
            )
            for axis, grown in sizes.items()
        ]
        before = best
        best = max(found, key=lambda c: (c.entry["value"], -c.multiply_adds))
        tried += found
        if best.multiply_adds > budget:
            back = contracted(before.size, best.size, best.axis, budget, cost)
            if back != before.size:
                best = measured(
                    *(recipe, dataset, back, step, ""),
                    folder / f"step{step:02}-contracted",
                )
                tried.append(best)
                ladder.append(best)
                say(_line(best))
            break
        ladder.append(best)
        say(_line(best))
    results = _results(recipe, dataset, ladder, tried)
    write_atomically(folder / "expand.json", sealed(results))
    return write_page(folder / "expand.html", results, ladder, tried)


def _sizes(
    recipe: Recipe, size: Size, step: int, cost: Cost
) -> dict[str, Size]:
    """Of every axis along which the network can grow in these videos."""
    found = {}
    for axis in recipe.expand.axes:
        grown = candidate(size, axis, cost)
        same = grown.whole_stride == size.whole_stride
        if grown == size or (axis == "fast" and same):
            say(f"step {step}, {axis}: there is nothing in between")
            continue
        try:
            recipe_of(recipe, grown, step)
        except UsageError as error:
            say(f"step {step}, {axis}: left out: {error}")
            continue
        found[axis] = grown
    return found


def _line(kept: Candidate) -> str:
    value = kept.metric.number(kept.entry["value"])
    return (
        f"step {kept.step}: {kept.axis or 'contracted'}, "
        f"{kept.multiply_adds / 1e6:.1f} M multiply-adds, "
        f"{kept.metric.title} {value} {kept.metric.unit}"
    )


def _results(
    recipe: Recipe,
    dataset: Dataset,
    ladder: list[Candidate],
    tried: list[Candidate],
) -> dict:
    kept = {id(one) for one in ladder}
    return {
        "code_version": d3d_tf.__version__,
        "recipe": to_dict(recipe),
        "recipe_hash": digest(recipe),
        "dataset": dataset.info["digest"],
        "candidates": [
            {
                "step": one.step,
                "axis": one.axis,
                "run": one.run,
                "kept": id(one) in kept,
                "multiply_adds": one.multiply_adds,
                one.measure: one.entry,
                **one.size._asdict(),
                "stride": one.size.whole_stride,
            }
            for one in tried
        ],
    }
