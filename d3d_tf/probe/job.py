"""All probes of a run: the table, probe.json and the page."""

import dataclasses
from pathlib import Path

import d3d_tf
from d3d_tf.atomic_files import to_path, write_atomically
from d3d_tf.config import Recipe, digest, to_dict
from d3d_tf.data.dataset import Dataset
from d3d_tf.errors import UserError
from d3d_tf.models.endpoint_names import full_name
from d3d_tf.probe import table
from d3d_tf.probe.errors import Errors
from d3d_tf.probe.page import write_page
from d3d_tf.probe.stages import Probed, errors_of
from d3d_tf.probe.table import Entry
from d3d_tf.roles import TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.sealed import sealed
from d3d_tf.training.checkpoints import is_finished


def probe_run(
    run: Run,
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    allow_flow_mismatch: bool = False,
) -> Path:
    """Trains and scores what is missing; shows and writes what was found.

    Args:
      run: whose networks are looked into.
      recipe: `train`, `probe` and `seed` are of the decoders; all else is the
        run's.
      dataset: the records, with flow.
      folder: where it is kept.
      allow_flow_mismatch: accept records of another flow than the teacher's.

    Returns:
      The page.

    Raises:
      UserError: the run has none of the networks, or a flow differs.
      UsageError: a network has no such endpoint.
    """
    dataset.require_flow()
    planned = _plan(run, recipe, dataset, folder)
    if any(probed.role == TEACHER for probed in planned):
        run.require_flow(
            dataset.flow, dataset.folder, allow=allow_flow_mismatch
        )
    entries = _entries(planned)
    rows = {split: table.rows(found) for split, found in entries.items()}
    for split, found in rows.items():
        say(table.header(split, any("epe_exact" in row for row in found)))
        for row in found:
            say(table.line(row))
    results = {
        "code_version": d3d_tf.__version__,
        "run": str(run.folder),
        "recipe": to_dict(recipe),
        "recipe_hash": digest(recipe),
        "dataset": dataset.info["digest"],
        "flow_recipe": dataset.info["flow_recipe"],
        "splits": rows,
    }
    write_atomically(folder / "probe.json", sealed(results))
    clip = planned[0].recipe.clip
    return write_page(folder / "probe.html", results, entries, dataset, clip)


def _entries(planned: list[Probed]) -> dict[str, list[Entry]]:
    """Trains and scores what is missing; the errors by split."""
    found: dict[tuple[str, bool, str], list[dict[str, Errors]]] = {}
    for probed in planned:
        key = probed.role, probed.finetuned, probed.endpoint
        found.setdefault(key, []).append(errors_of(probed))
    (first, *_), *_ = found.values()
    return {
        split: [
            Entry(role, finetuned, endpoint, tuple(e[split] for e in seeds))
            for (role, finetuned, endpoint), seeds in found.items()
        ]
        for split in first
    }


def _plan(
    run: Run, recipe: Recipe, dataset: Dataset, folder: Path
) -> list[Probed]:
    """Every probe that the recipe asks for and the run has a network for."""
    donor = run.origin().get("teacher")
    homes = [run, *([Run(to_path(donor))] if donor else [])]
    probe = recipe.probe
    own = run.origin().get("dataset") == dataset.info["digest"]
    toy_seed = run.recipe().seed if own and run.recipe().toy else None
    wanted = [(role, False) for role in probe.networks]
    wanted += [(role, True) for role in probe.finetuned]
    planned = []
    for role, finetuned in wanted:
        there = [h for h in homes if is_finished(h.checkpoints(role))]
        if not there:
            continue
        theirs = there[0].recipe()
        network = theirs.network_of(role)
        seen = run.recipe()
        planned += [
            Probed(
                there[0],
                role,
                full_name("probe.endpoints", endpoint, network.endpoints),
                finetuned,
                dataclasses.replace(
                    seen,
                    seed=recipe.seed + number,
                    network=network,
                    teacher=None,
                    train=recipe.train,
                    probe=probe,
                ),
                dataset,
                toy_seed,
                folder,
            )
            for endpoint in probe.endpoints
            for number in range(probe.seeds)
        ]
    if not planned:
        names = ", ".join(dict.fromkeys((*probe.networks, *probe.finetuned)))
        raise UserError(
            f"{run.folder} has finished none of {names}: there is nothing to "
            "look into."
        )
    return planned
