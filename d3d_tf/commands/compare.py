"""`--mode=compare`: what two data sets, or the results of two runs, share.

Scores are compared on all videos of each and on those that both have, the only
ones on which they may be (D3D, section 5.1, on videos that vanish), with the
difference video by video.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from d3d_tf.atomic_files import write_atomically
from d3d_tf.errors import UsageError, UserError
from d3d_tf.evaluation.paired import (
    class_differences,
    describe_classes,
    on_common_videos,
    paired_difference,
)
from d3d_tf.evaluation.scores import Scores
from d3d_tf.screen import say
from d3d_tf.tasks import load_scores
from d3d_tf.text_lists import read_lines

PICTURES = (".svg", ".png", ".pdf")


def run(
    *,
    data: Sequence[str] = (),
    checkpoint: Sequence[str] = (),
    out: str | None = None,
    plot: str | None = None,
) -> None:
    """Shows what two places have in common, or what many networks cost.

    Args:
      data: two record folders, or text files with one id per line.
      checkpoint: two run folders, or two of a run's `scores/ROLE-SPLIT.npz`;
        with `plot` any number of run folders or of their results.json.
      out: a text file for the ids that both have.
      plot: a picture of accuracy against multiply-adds instead; see
        `d3d_tf.experiment.cost_plot`.

    Raises:
      UsageError: there are not two, all of one kind.
      UserError: see `compare`.
    """
    if plot:
        if data or out or not checkpoint:
            raise UsageError(
                "--mode=compare --plot=PICTURE takes runs or files of results "
                "(--checkpoint, repeated), no --data and no --out."
            )
        if Path(plot).suffix not in PICTURES:
            raise UsageError(
                f"--plot={plot}: a picture ends with {', '.join(PICTURES)}."
            )
        places = [results_file(place) for place in checkpoint]
        from d3d_tf.experiment.cost_plot import plot_costs

        return plot_costs(places, plot)
    if sorted((len(data), len(checkpoint))) != [0, 2]:
        raise UsageError(
            "--mode=compare takes two runs (--checkpoint=A --checkpoint=B) or "
            "two record folders or lists of ids (--data=A --data=B); got "
            f"{len(checkpoint)} --checkpoint and {len(data)} --data."
        )
    first, second = map(Path, data or checkpoint)
    lines, common = compare(first, second)
    for line in lines:
        say(line)
    if out:
        write_atomically(out, "".join(f"{i}\n" for i in sorted(common)))


def results_file(place: str) -> Path:
    """The results.json of a run folder, or the file itself.

    Raises:
      UserError: there is none.
    """
    path = Path(place)
    path = path / "results.json" if path.is_dir() else path
    if not path.exists():
        raise UserError(f"There are no results {path}.")
    return path


def read_ids(place: str | Path) -> dict[str, str]:
    """The usable videos of a data set: `{id: SHA-256 of the file}`.

    Args:
      place: a record folder, or a text file with an id per line, whose files
        are not known (empty digests).

    Raises:
      UserError: it is neither.
    """
    path = Path(place)
    manifest = path / "manifest.json"
    try:
        if manifest.exists():
            rows = json.loads(manifest.read_text())
            return {r["id"]: r["sha256"] for r in rows if "skipped" not in r}
        return {id_: "" for _, id_ in read_lines(path)}
    except (OSError, ValueError) as error:
        raise UserError(
            f"{place} is no record folder (with manifest.json), no run folder "
            "with scores/ and no text file of ids."
        ) from error


def compare_sets(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """Lines for people about two of `read_ids`."""
    common = first.keys() & second.keys()
    other = sum(
        bool(first[i] and second[i]) and first[i] != second[i] for i in common
    )
    return [
        f"videos: {len(first)} in A, {len(second)} in B, {len(common)} in both "
        f"(only A: {len(first) - len(common)}, only B: "
        f"{len(second) - len(common)})",
        f"of those in both, {other} are other files under the same id",
    ]


def compare_scores(first: Scores, second: Scores) -> list[str]:
    """Lines for people: the first measure on all videos, and on common ones.

    The difference is of tasks whose answers are right or wrong.

    Raises:
      UserError: they have no video in common, or other labels or tasks.
    """
    on_common_videos(first, second)
    common = _common(first, second)
    headline = first.headline()
    metric = first.measures[headline]
    lines = []
    for name, scores in (("A", first), ("B", second)):
        texts = []
        for part in (scores, scores.of(common)):
            entry = part.metrics()[headline]
            number = metric.number(entry["value"])
            texts.append(f"{number} {metric.unit} of {entry['n']}")
        lines.append(
            f"{name}: {metric.title} {texts[0]} videos, {texts[1]} common ones"
        )
    if not first.judged:
        return lines
    difference = paired_difference(first, second)
    low, high = difference.ci95
    lines.append(
        f"B - A: {100 * difference.value:+.1f} points "
        f"[{100 * low:+.1f}, {100 * high:+.1f}] (95 %, bootstrap over common "
        f"videos); right in B alone {difference.only_second}, in A alone "
        f"{difference.only_first}"
    )
    classes = describe_classes(class_differences(first, second))
    lines.append(f"B against A: {classes}")
    return lines


def compare(first: Path, second: Path) -> tuple[list[str], set[str]]:
    """Lines for people, and the ids that both have.

    Raises:
      UserError: the two are not of one kind, or have nothing in common.
    """
    if first.suffix == second.suffix == ".npz":
        pair = [load_scores(path) for path in (first, second)]
        return compare_scores(*pair), _common(*pair)
    names = [
        {path.name for path in (place / "scores").glob("*.npz")}
        for place in (first, second)
    ]
    if not any(names):
        ids = [read_ids(place) for place in (first, second)]
        return compare_sets(*ids), ids[0].keys() & ids[1].keys()
    if not names[0] & names[1]:
        raise UserError(
            f"{first} and {second} have no scores of the same network and "
            "split."
        )
    lines, common = [], set()
    for name in sorted(names[0] & names[1]):
        pair = [load_scores(p / "scores" / name) for p in (first, second)]
        lines.append(f"{Path(name).stem}:")
        lines += [f"  {line}" for line in compare_scores(*pair)]
        common |= _common(*pair)
    return lines, common


def _common(first: Scores, second: Scores) -> set[str]:
    return set(first.ids.tolist()) & set(second.ids.tolist())
