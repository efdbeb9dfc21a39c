"""`make jhmdb-search`: settings for the recipes `jhmdb_split1` (2, 3).

Never on test videos of split 1: a quarter of the films of its training list is
held out, whatever their class. (The official splits overlap: split 2 or 3 tests
some of these films.) What is finished is not run again.
"""

import argparse
import random
from pathlib import Path
from typing import NamedTuple

from benchmarks.fill_docs import HERE, publish
from benchmarks.jhmdb import DATA, PAGE, TOY, from_toy, prepared, scores_of
from benchmarks.table import distill
from d3d_tf import processor
from d3d_tf.doctor.check_splits import film
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import titles
from d3d_tf.runs.folder import Run
from d3d_tf.tfrecords.layouts import list_videos

RESULTS = HERE / "results" / "jhmdb_search.json"
RECIPE = "jhmdb_split1"
SHARE = 0.25
JITTER = (
    *("jitter_brightness=0.3", "jitter_contrast=0.3", "jitter_saturation=0.3"),
    "short_sides=[60,88]",
)
AS_STORED = (
    *("jitter_brightness=0", "jitter_contrast=0", "jitter_saturation=0"),
    "short_sides=null",
)


class Setting(NamedTuple):
    """How a row is made.

    Attributes:
      changes: of the recipe.
      parent: the row whose teacher and baseline are used; None: its own.
      from_toy: whether its networks start from those of a run of the toy.
    """

    changes: tuple[str, ...]
    parent: str | None = None
    from_toy: bool = False


# In this order; a parent comes first.
SETTINGS = {
    "regularised": Setting(
        (
            *("steps=3000", "dropout=0.5", "weight_decay=1e-4", "weight=2"),
            *JITTER,
        )
    ),
    "light student": Setting(
        ("steps=2500", "weight=1", *AS_STORED), "regularised"
    ),
    "from the toy": Setting(
        ("steps=2500", "weight=1", *AS_STORED), from_toy=True
    ),
    "weight 4": Setting(
        ("steps=2500", "weight=4", *AS_STORED), "from the toy", True
    ),
    "augmented student": Setting(
        (
            *("steps=4000", "weight=1", *JITTER[:3]),
            "short_sides=[60,84]",
        ),
        "from the toy",
        True,
    ),
}


def hold_out(data: Path, folder: Path) -> dict[str, int]:
    """Writes split files of the training list; how many videos have which part.

    Args:
      data: the data set, with its `videos` and `splits`.
      folder: for the split files, as the official ones: 1 trains, 2 tests.
    """
    listing = list_videos(
        str(data / "videos"), str(data / "splits"), RECIPES[RECIPE].data
    )
    clips = [clip for clip in listing.sources if clip.split == "train"]
    films = sorted({str(film(clip.id)) for clip in clips})
    chosen = set(random.Random(0).sample(films, round(SHARE * len(films))))
    lines: dict[str, list[str]] = {}
    counts = {"train": 0, "held out": 0}
    for clip in clips:
        out = film(clip.id) in chosen
        name = Path(clip.id).name
        lines.setdefault(clip.class_name, []).append(f"{name} {1 + out}\n")
        counts["held out" if out else "train"] += 1
    folder.mkdir(parents=True, exist_ok=True)
    for label, listed in lines.items():
        path = folder / f"{label}_test_split1.txt"
        path.write_text("".join(listed))
    return counts


def tried(name: str, records: Path, runs: Path, toy: Path) -> dict:
    """The row of a setting, its networks trained where they are missing."""
    setting = SETTINGS[name]
    run = runs / name
    flags = [f"--recipe={RECIPE}", f"--data={records}"]
    flags += [f"--set={change}" for change in setting.changes]
    if setting.parent:
        flags.append(f"--teacher={runs / setting.parent}")
    if setting.from_toy:
        flags.append(from_toy(toy))
    distill(run, *flags)
    return row_of(name, run)


def row_of(name: str, run: Path) -> dict:
    """What was changed, and top-1 on what is held out."""
    setting = SETTINGS[name]
    top1 = {
        title: float(scores.right().mean())
        for title, scores in scores_of(Run(run)).items()
    }
    starts = ("from the toy's networks",) if setting.from_toy else ()
    given = (f"teacher of *{setting.parent}*",) if setting.parent else ()
    return {
        "name": name,
        "starts": [*starts, *given],
        "settings": setting.changes,
        "top1": top1,
    }


def markdown(results: dict) -> str:
    """The rows as docs/jhmdb.md shows them."""
    names = list(titles().values())
    lines = [
        f"| tried | {' | '.join(names)} | settings |",
        "|---|" + "---|" * (len(names) + 1),
    ]
    for row in results["rows"]:
        cells = [f"{100 * row['top1'][name]:.1f}" for name in names]
        changes = [f"`{setting}`" for setting in row["settings"]]
        settings = ", ".join([*row["starts"], *changes])
        lines.append(f"| {row['name']} | {' | '.join(cells)} | {settings} |")
    counts = results["videos"]
    lines += [
        "",
        f"Top-1 in % on {counts['held out']} held-out videos, after training "
        f"on {counts['train']}; one seed. On {results['processor']}.",
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Makes what is missing, prints the table, writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, default=Path("runs/jhmdb-search"))
    parser.add_argument("--toy", type=Path, default=TOY)
    given = parser.parse_args(argv)
    splits = given.runs / "splits"
    counts = hold_out(given.data, splits)
    records = prepared(RECIPE, given.data / "videos", splits, given.runs)
    results = {
        "videos": counts,
        "processor": processor.name(),
        "rows": [],
    }
    for name in SETTINGS:
        results["rows"].append(tried(name, records, given.runs, given.toy))
        publish(RESULTS, results, PAGE, "jhmdb search", markdown)


if __name__ == "__main__":
    main()
