"""`make probes`: how much motion is in the networks, table 1 and figure 3.

On the first run of `make effect` (the toy) and the first split of `make jhmdb`,
which are made if they are not there: decoders at 3A with several seeds, and at
other layers with one seed and fewer steps.
"""

import argparse
import json
from pathlib import Path

from benchmarks import jhmdb
from benchmarks.fill_docs import HERE, publish, with_interval
from benchmarks.grounds import (
    DECODER,
    FOUR_CLIPS,
    SEEDS,
    SPLITS,
    Ground,
    real,
    toy,
)
from benchmarks.table import command
from d3d_tf import processor

PAGE = HERE.parent / "docs" / "probe.md"
RESULTS = HERE / "results" / "probes.json"
# In pixels, on Kinetics-400 (D3D, table 1), in the order of the rows.
PAPER = (2.92, 2.08, 1.76, 1.34, 0.63)
AT_3A = (*DECODER, "--set=probe.seeds=3")
LAYERS = (
    "--set=probe.endpoints=2c,3a,3c,4c,4f,5c",
    "--set=train.steps=300",
    FOUR_CLIPS,
)
# JHMDB's: without it one of three decoders of the flow network diverged.
CLIPPED = ("--set=train.clip_norm=1",)


def probed(ground: Ground, folder: str, settings: tuple[str, ...]) -> list:
    """The rows of probes of the ground's first run, made where missing."""
    run = ground.homes[0].run.folder
    command(
        "--mode=probe",
        f"--checkpoint={run}",
        f"--run_dir={run / folder}",
        *settings,
    )
    found = json.loads((run / folder / "probe.json").read_text())
    return found["splits"][ground.split]


def table(grounds: dict[str, list[dict]]) -> str:
    """Table 1: the error of every network at 3A.

    Args:
      grounds: by title, the rows of its networks.
    """
    heads = " | ".join(f"{title} | minus RGB" for title in grounds)
    lines = [
        f"| error in pixels | Kinetics-400 (paper) | {heads} |",
        "|---|---|" + "---|" * 2 * len(grounds),
    ]
    for rows in zip(PAPER, *grounds.values(), strict=True):
        paper, *found = rows
        cells = [str(paper)]
        for row in found:
            cells.append(with_interval(row["epe"], ".2f"))
            change = row.get("minus_baseline")
            cells.append(with_interval(change, "+.2f") if change else "")
        lines.append(f"| {found[0]['title']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def curves(rows: list[dict]) -> str:
    """Figure 3 as a table: the error of every network at every layer."""
    layers = list(dict.fromkeys(row["endpoint"] for row in rows))
    lines = [f"| | {' | '.join(layers)} |", "|---|" + "---|" * len(layers)]
    for title in dict.fromkeys(row["title"] for row in rows):
        found = {
            row["endpoint"]: f"{row['epe']['value']:.2f}"
            for row in rows
            if row["title"] == title
        }
        cells = [found[layer] for layer in layers]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def markdown(results: dict) -> str:
    """Everything as docs/probe.md shows it."""
    parts = [table({t: g["3a"] for t, g in results["grounds"].items()})]
    for title, found in results["grounds"].items():
        if "layers" in found:
            parts.append(f"Other layers, {title}:")
            parts.append(curves(found["layers"]))
    parts.append(
        f"Runs: {', '.join(results['runs'])}; at 3A three decoders of each "
        "(1200 steps of 4 clips), else one (300 steps); on JHMDB with "
        f"`train.clip_norm=1`. On {results['processor']}."
    )
    return "\n\n".join(parts)


def main(argv: list[str] | None = None) -> None:
    """Makes what is missing, prints the tables, writes them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--toy", type=Path, default=jhmdb.TOY)
    parser.add_argument("--jhmdb", type=Path, default=Path("runs/jhmdb"))
    parser.add_argument("--data", type=Path, default=jhmdb.DATA)
    given = parser.parse_args(argv)
    results: dict = {"processor": processor.name(), "runs": [], "grounds": {}}
    folders = given.data, given.jhmdb, given.toy
    for make, more in (
        (lambda: toy(given.toy, SEEDS[:1]), ()),
        (lambda: real(*folders, SPLITS[:1]), CLIPPED),
    ):
        ground = make()
        results["runs"].append(ground.homes[0].run.folder.name)
        found = results["grounds"][ground.title] = {}
        for name, folder, settings in (
            ("3a", "probe", AT_3A),
            ("layers", "probe-layers", LAYERS),
        ):
            found[name] = probed(ground, folder, (*settings, *more))
            publish(RESULTS, results, PAGE, "probes", markdown)


if __name__ == "__main__":
    main()
