"""The ensemble of several results.

The mean of soft-max scores, or of what another task averages, as D3D fuses its
networks (section 5.3): students that were pre-trained on different data (table
4), a student and the flow network (table 8). Only scores are read: no network
is run.
"""

from pathlib import Path

from d3d_tf.atomic_files import write_atomically
from d3d_tf.damaged import read_json
from d3d_tf.errors import UserError
from d3d_tf.evaluation.paired import on_common_videos, paired_difference
from d3d_tf.evaluation.scores import Scores, average
from d3d_tf.roles import BASELINE, STUDENT, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.sealed import sealed
from d3d_tf.tasks import load_scores

ENSEMBLE = "ensemble"


def score_files(place: Path) -> dict[str, Path]:
    """`{split: file}` of one member.

    Args:
      place: a run, whose student it is, or else its RGB or its flow network; or
        one of a run's `scores/ROLE-SPLIT.npz`.

    Raises:
      UserError: there are no scores.
    """
    if place.suffix == ".npz" and place.is_file():
        return {place.stem.partition("-")[2]: place}
    run = Run(place)
    for role in (STUDENT, BASELINE, TEACHER):
        if run.costs(role).exists():  # Written after the scores.
            remedy = f"--mode=evaluate --checkpoint={place} makes it again"
            costs = read_json(run.costs(role), {"splits": [str]}, remedy)
            return {s: run.scores(role, s) for s in costs["splits"]}
    raise UserError(
        f"{place} has no scores: give runs that were evaluated, or files "
        "RUN/scores/ROLE-SPLIT.npz of them."
    )


def fuse(places: list[Path]) -> dict[str, tuple[list[Path], list[Scores]]]:
    """`{split: (files, scores)}` for what all members scored.

    Scores are those of the videos that all have, in one order; the last is the
    ensemble.

    Args:
      places: as for `score_files`, two or more.

    Raises:
      UserError: they have no split, or no video, in common; or other classes.
    """
    if len(places) < 2:
        raise UserError("An ensemble has two members or more.")
    files = [score_files(place) for place in places]
    common = set.intersection(*map(set, files))
    if not common:
        splits = "; ".join(
            f"{', '.join(found)} in {place}"
            for place, found in zip(places, files, strict=True)
        )
        raise UserError(f"No split was scored by all: {splits}.")
    fused = {}
    for split in sorted(common):
        members = [found[split] for found in files]
        scores = on_common_videos(*map(load_scores, members))
        shapes = [s.answers().shape[1:] for s in scores]
        if len(set(shapes)) > 1:
            classes = ["x".join(map(str, shape)) for shape in shapes]
            raise UserError(
                f"The members of an ensemble must have the same classes; these "
                f"have {', '.join(classes)}."
            )
        fused[split] = members, [*scores, average(*scores)]
    return fused


def lines(fused: dict) -> list[str]:
    """For people: members and ensemble, and what it gains over the best."""
    text = []
    for split, (files, scores) in fused.items():
        text.append(f"{split}, {len(scores[0].ids)} videos")
        names = [str(path.with_suffix("")) for path in files]
        for name, one in zip([*names, ENSEMBLE], scores, strict=True):
            entries = one.metrics()
            words = [
                f"{metric.title} {metric.text(entries[key])}"
                for key, metric in one.measures.items()
            ]
            text.append(f"  {name}: {', '.join(words)}")
        *members, ensemble = scores
        if not ensemble.judged:
            continue
        right = [int(member.right().sum()) for member in members]
        best = right.index(max(right))
        change = paired_difference(members[best], ensemble)
        text.append(f"  {ENSEMBLE} - {names[best]}: {change.points()}")
    return text


def write(fused: dict, out: Path) -> None:
    """`out/results.json`, and `out/scores/`, which --mode=compare reads."""
    metrics = {}
    (out / "scores").mkdir(parents=True, exist_ok=True)
    for split, (_, scores) in fused.items():
        scores[-1].save(Run(out).scores(ENSEMBLE, split))
        for name, entry in scores[-1].metrics().items():
            metrics[f"{ENSEMBLE}/{name}/{split}"] = entry
    members = [str(path) for files, _ in fused.values() for path in files]
    results = {"members": members, "metrics": metrics}
    write_atomically(out / "results.json", sealed(results))


def require_no_run(out: Path) -> None:
    """Refuses a folder that holds the results of a run.

    Raises:
      UserError: it does.
    """
    found = Run(out).read_results()
    if Run(out).exists() or found and "members" not in found:
        raise UserError(
            f"{out} holds a run's results, which an ensemble's would replace: "
            "name another folder with --out."
        )
