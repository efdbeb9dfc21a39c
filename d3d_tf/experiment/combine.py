"""Several results as one: `--mode=evaluate` with `--checkpoint` repeated."""

import json
from collections.abc import Sequence
from pathlib import Path

from d3d_tf.atomic_files import to_path, write_atomically
from d3d_tf.experiment import ensemble, split_mean
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say


def combine(places: Sequence[str], out: str | None) -> None:
    """Fuses results of the same videos, or averages those of several splits.

    Runs of several official splits are averaged, and each must be of another
    one; anything else (runs of one split, score files) is fused. The screen
    says which.

    Args:
      places: runs that were evaluated, or `RUN/scores/ROLE-SPLIT.npz`.
      out: where the combined results are kept.

    Raises:
      UserError: see `fuse_results` and `average_results`.
    """
    splits = split_mean.splits_of([Run(to_path(place)) for place in places])
    if len(set(splits)) > 1 and None not in splits:
        say(f"{len(places)} official splits: the mean of their accuracies")
        average_results(places, out)
    else:
        fuse_results(places, out, announce=True)


def fuse_results(
    places: Sequence[str], out: str | None, *, announce: bool = False
) -> None:
    """Shows the members of an ensemble, and it, split by split.

    Args:
      places: see `ensemble.fuse`.
      out: a folder for results.json and scores, which --mode=compare reads.
      announce: say first what is averaged.

    Raises:
      UserError: see `ensemble.fuse`; or `out` holds a run.
    """
    folder = Path(out) if out else None
    if folder:
        ensemble.require_no_run(folder)
    fused = ensemble.fuse([Path(place) for place in places])
    if announce:
        _, (first, *_) = next(iter(fused.values()))
        say(f"{len(places)} results: the mean of their {first.averaged}")
    for line in ensemble.lines(fused):
        say(line)
    if folder:
        ensemble.write(fused, folder)


def average_results(places: Sequence[str], out: str | None) -> None:
    """Shows the mean over splits of every accuracy that all runs have.

    Args:
      places: see `split_mean.mean_over_splits`.
      out: a JSON file for the means.

    Raises:
      UserError: see `split_mean.mean_over_splits`.
    """
    runs = [Run(Path(place)) for place in places]
    means = split_mean.mean_over_splits(runs)
    measures = split_mean.measures_of(runs[0].read_results())
    for line in split_mean.lines(means, measures):
        say(line)
    if out:
        write_atomically(out, json.dumps(means, indent=1))
