"""Runs the whole table: `python -m benchmarks.faults`, see `__init__`."""

import argparse
import collections
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from benchmarks.faults import damaged, disks, kills, pairs, places, servers
from benchmarks.faults.base import Base
from benchmarks.fill_docs import HERE, publish
from d3d_tf import processor

RESULTS = HERE / "results" / "faults.json"
PAGE = HERE.parent / "docs" / "faults.md"
# How many trials there are of each, where the command line does not say.
COUNTS = {
    "damaged": 120,
    "kills": 24,
    "pairs": 8,
    "disks": 16,
    "places": 16,
    "requests": 1000,
}


def measure(
    counts: dict[str, int], seed: int, servers_with: str | None = ""
) -> dict:
    """Makes the run, does the trials.

    Args:
      counts: see `COUNTS`; of those that it lacks there are none.
      seed: of all draws.
      servers_with: a word of the names of the bad servers that are tried; None:
        none are.
    """
    kinds = {
        "damaged": damaged.trials,
        "kills": kills.trials,
        "pairs": pairs.trials,
        "disks": disks.trials,
        "places": places.trials,
        "requests": servers.requests,
    }

    def rows(base: Base) -> Iterator[dict]:
        for kind, count in counts.items():
            yield from kinds[kind](base, count, seed)
        if servers_with is not None:
            yield from servers.clients(servers_with)

    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for row in tqdm(rows(Base(Path(folder))), unit="trial"):
            found.append(row)
            if row["outcome"] != "right":
                tqdm.write(json.dumps(row))
    return {
        "processor": processor.name(),
        "seed": seed,
        "minutes": (time.monotonic() - begin) / 60,
        "trials": found,
    }


def markdown(results: dict) -> str:
    """A row per group and mode."""
    counts: dict = collections.defaultdict(collections.Counter)
    for row in results["trials"]:
        group = counts[row["group"], row["mode"]]
        group[row["outcome"]] += row["trials"]
    lines = [
        "| fault | met by | trials | right | wrong |",
        "|---|---|---|---|---|",
    ]
    for (group, mode), found in sorted(counts.items()):
        wrong = [f"{n} {what}" for what, n in found.items() if what != "right"]
        lines.append(
            f"| {group} | {mode} | {found.total()} | {found['right']} | "
            f"{', '.join(wrong) or 'none'} |"
        )
    lines += [
        "",
        f"Seed {results['seed']}, {results['minutes']:.0f} minutes on "
        f"{results['processor']}.",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Prints every wrong trial and the table; writes the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    for name, count in COUNTS.items():
        parser.add_argument(f"--{name}", type=int, default=count)
    given = vars(parser.parse_args(arguments))
    results = measure({name: given[name] for name in COUNTS}, given["seed"])
    publish(RESULTS, results, PAGE, "faults", markdown)


if __name__ == "__main__":
    main()
