"""`make faults`: damages what the package reads, and looks at what it says.

One small run with its records and its module is made; for every trial it is
copied, one file is damaged, and one mode of the command line is started. Right
is an error in one line that names the file, or the result that there is without
damage. Wrong is

  silent: it ends well, with another result;
  unclear: it fails, and the last line does not name the file;
  trace: Python's or TensorFlow's traces are on the screen;
  crash: a signal ended it;
  hangs: it is not done after ten minutes.
"""

import argparse
import collections
import dataclasses
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from benchmarks.answers import SETTINGS, Answer, ask, judge, last_line
from benchmarks.damage import TARGETS, Target, damage
from benchmarks.pages import HERE, save
from benchmarks.resume import Work
from d3d_tf import processor

RESULTS = HERE / "results" / "faults.json"


def trial(
    base: Path, target: Target, mode: str, seed: int, sound: Answer
) -> dict:
    """One damaged file, one mode; a row."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(base, copy)
        name, how = damage(copy, target, rng)
        answer = ask(mode, copy)
    return {
        "group": target.group,
        "seed": seed,
        "file": name,
        "damage": how,
        "mode": mode,
        "outcome": judge(mode, answer, sound, name),
        "code": answer.code,
        "said": last_line(answer)[:300],
    }


def choose(trials: int, seed: int) -> list[tuple[Target, str, int]]:
    """Targets and modes, all equally often, in random order, and seeds."""
    rng = random.Random(seed)
    pairs = [(target, mode) for target in TARGETS for mode in target.modes]
    chosen: list = []
    while len(chosen) < trials:
        chosen += rng.sample(pairs, min(len(pairs), trials - len(chosen)))
    return [(t, m, 1000 * seed + n) for n, (t, m) in enumerate(chosen)]


def measure(trials: int, seed: int) -> dict:
    """Makes the run, does the trials."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        work = Work(Path(folder) / "base", SETTINGS)
        work.require(work.start())
        base = work.run.parent
        sound: dict[str, Answer] = {}
        rows = []
        for target, mode, number in tqdm(choose(trials, seed), unit="trial"):
            if mode not in sound:
                copy = Path(folder) / mode
                shutil.copytree(base, copy)
                sound[mode] = ask(mode, copy)
                if sound[mode].code:
                    sys.exit(f"Without damage, {mode}: {sound[mode].screen}")
                if mode.startswith("doctor"):
                    # It has to find what is damaged.
                    sound[mode] = dataclasses.replace(
                        sound[mode], result={"finds": "nothing"}
                    )
            rows.append(trial(base, target, mode, number, sound[mode]))
    return {
        "processor": processor.name(),
        "seed": seed,
        "minutes": (time.monotonic() - begin) / 60,
        "trials": rows,
    }


def markdown(results: dict) -> str:
    """A row per group and mode."""
    counts: dict = collections.defaultdict(collections.Counter)
    for row in results["trials"]:
        counts[row["group"], row["mode"]][row["outcome"]] += 1
    lines = [
        "| damaged | read by | trials | right | wrong |",
        "|---|---|---|---|---|",
    ]
    for (group, mode), found in sorted(counts.items()):
        wrong = [f"{n} {what}" for what, n in found.items() if what != "right"]
        lines.append(
            f"| {group} | {mode} | {found.total()} | {found['right']} | "
            f"{', '.join(wrong)} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Prints the table and every wrong trial; writes the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    results = measure(given.trials, given.seed)
    save(RESULTS, results)
    for row in results["trials"]:
        if row["outcome"] != "right":
            print(json.dumps(row))
    print(markdown(results))


if __name__ == "__main__":
    main()
