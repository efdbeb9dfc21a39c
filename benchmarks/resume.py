"""`make resume`: kills a distillation over and over; does it end as it would?

Two run folders are made by the same command on the same toy videos. In one it
is left alone; in the other it is killed with SIGKILL at random moments and
started again. Every number of what they leave is compared to the bit.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bitwise_diff import differences
from benchmarks.fill_docs import HERE, publish
from benchmarks.resume_cost import seconds_to_the_first_record
from d3d_tf import processor

RESULTS = HERE / "results" / "resume.json"
PAGE = HERE.parent / "docs" / "training.md"
EVERY = 4  # Steps between checkpoints.
LONGEST_WAIT = 10.0  # Seconds from an advance to a kill.
# S3D-G, narrow and cut short, because every start traces it again; much
# dropout, so that its draws matter.
SETTINGS = {
    "toy.size": 32,
    "toy.num_frames": 6,
    "toy.train_videos": 48,
    "toy.test_videos": 16,
    "data.short_side": 32,
    "data.num_shards": 4,
    "flow.warps": 1,
    "clip.frames": 6,
    "clip.size": 32,
    "network.depth_multiplier": 1 / 64,
    "network.min_depth": 2,
    "network.final_endpoint": "Mixed_3c",
    "network.dropout": 0.5,
    "train.batch_size": 4,
    "train.steps": 40,
    "train.checkpoint_every": EVERY,
}


class Work:
    """One run folder with its records, and the command that makes them."""

    def __init__(self, folder: Path, settings: dict):
        folder.mkdir(parents=True)
        self.run = folder / "run"
        self.records = folder / "records"
        self._shown = folder / "shown.txt"
        self._command = [
            *(sys.executable, "-m", "d3d_tf.main", "--mode=distill"),
            *(f"--run_dir={self.run}", f"--records_dir={self.records}"),
            *(f"--set={key}={value}" for key, value in settings.items()),
        ]

    def start(self) -> subprocess.Popen:
        with open(self._shown, "a") as shown:
            return subprocess.Popen(
                self._command, stdout=shown, stderr=subprocess.STDOUT
            )

    def advance(self) -> int:
        """How far it is, in things that are done and kept."""
        done = list(self.records.glob("*/*.tfrecord"))
        done += self.records.glob("*/dataset.json")
        done += self.run.glob("checkpoints/*/finished.json")
        done += self.run.glob("scores/*.*")
        done += self.run.glob("export/1")
        saved = 0
        for folder in self.run.glob("checkpoints/*"):
            steps = folder.glob("ckpt-*.index")
            saved += max((_step(path) for path in steps), default=0) // EVERY
        return len(done) + saved

    def step(self) -> tuple[str, int]:
        """The network that is being trained, and its last saved step."""
        for role in ("student", "baseline", "teacher"):
            steps = self.run.glob(f"checkpoints/{role}/ckpt-*.index")
            last = max((_step(path) for path in steps), default=0)
            if last:
                return role, last
        return "none", 0

    def phase(self) -> str:
        """What it does, by the last line on the screen."""
        text = self._shown.read_text().replace("\r", "\n").strip()
        last = text.rpartition("\n")[2]
        # Of a progress bar its title, of a row of the table its name.
        return re.split(":|  ", last)[0].strip() or "start"

    def require(self, process: subprocess.Popen) -> None:
        if process.wait():
            sys.exit(f"Failed: {self._command}\n{self._shown.read_text()}")


def _step(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def watch(work: Work) -> list[float]:
    """Runs to the end; the second at which each advance was reached."""
    process = work.start()
    begin, reached = time.monotonic(), []
    while process.poll() is None:
        now = time.monotonic() - begin
        reached += [now] * (work.advance() + 1 - len(reached))
        time.sleep(0.01)
    work.require(process)
    return [*reached, time.monotonic() - begin]


def choose(reached: list[float], kills: int, seed: int) -> list[tuple]:
    """Random moments of a whole run: (advance, seconds after it), in order.

    Every advance is as likely as the others, and none comes twice, so that
    every start gets further; then a moment until the next one, or in the first
    seconds where that is long.
    """
    rng = random.Random(seed)
    # After the last one the run ends too soon for a kill.
    advances = sorted(rng.sample(range(len(reached) - 2), kills))
    return [
        (n, rng.uniform(0, min(reached[n + 1] - reached[n], LONGEST_WAIT)))
        for n in advances
    ]


def kill(work: Work, advance: int, delay: float, latest: int) -> dict:
    """Starts, waits for the moment, kills; what was met.

    Not later than at the advance `latest`: the machine may be quicker than it
    was when the moment was chosen.
    """
    before, (role, step) = work.advance(), work.step()
    process, begin = work.start(), time.monotonic()
    gained = None
    while process.poll() is None and work.advance() < advance:
        now = work.step()
        if gained is None and now[0] == role and now[1] > step:
            gained = time.monotonic() - begin
        time.sleep(0.02)
    end = time.monotonic() + delay
    while process.poll() is None and time.monotonic() < end:
        if work.advance() >= latest:
            break
        time.sleep(0.02)
    process.kill()
    if process.wait() >= 0:
        work.require(process)
        sys.exit("It had ended before it could be killed.")
    return {
        "during": work.phase(),
        "advance_before": before,
        "advance": work.advance(),
        "network": role,
        "from_step": step,
        "seconds_to_the_next_checkpoint": gained,
    }


def markdown(results: dict) -> str:
    """The outcome as docs/training.md shows it."""
    where: dict[str, int] = {}
    for row in results["kills"]:
        where[row["during"]] = where.get(row["during"], 0) + 1
    lines = [
        f"{len(results['kills'])} kills, seed {results['seed']}. The last "
        "words before them: "
        + "; ".join(f"{name} ({n})" for name, n in where.items())
        + ".",
        "",
        "| compared | values | different |",
        "|---|---|---|",
    ]
    for row in results["compared"]:
        wrong = ", ".join(row["different"]) or "none"
        lines.append(f"| {row['what']} | {row['count']:,} | {wrong} |")
    lines += [
        "",
        "| started again at step | of the epoch are past | seconds to the next "
        "checkpoint |",
        "|---|---|---|",
    ]
    settings = results["settings"]
    epoch = settings["toy.train_videos"] // settings["train.batch_size"]
    for row in results["kills"]:
        spent = row["seconds_to_the_next_checkpoint"]
        if spent is not None:
            past = 100 * (row["from_step"] % epoch) // epoch
            lines.append(
                f"| {row['from_step']}, {row['network']} | {past} % | "
                f"{spent:.0f} |"
            )
    cost = results["cost"]
    lines += [
        "",
        "| records of an epoch already seen | to the first record |",
        "|---|---|",
        *(
            f"| {100 * row['position']:.0f} % | {row['seconds']:.3f} s |"
            for row in cost["rows"]
        ),
        "",
        f"{cost['records']:,} records of {cost['bytes'] // 1024} KB in "
        f"{cost['shards']} shards, windows of {cost['window']}; best of "
        f"{cost['repeats']}, files cached. {results['processor']}, "
        f"{results['cores']} cores, TensorFlow {results['tensorflow']}, "
        "`train.deterministic=true`, as many threads both times.",
    ]
    return "\n".join(lines)


def measure(folder: Path, kills: int, seed: int, settings: dict) -> dict:
    """Both runs, and their comparison."""
    whole = Work(folder / "whole", settings)
    reached = watch(whole)
    print(f"uninterrupted: {reached[-1]:.0f} s, {len(reached) - 1} advances")
    work = Work(folder / "killed", settings)
    met = []
    moments = choose(reached, kills, seed)
    latest = [advance for advance, _ in moments[1:]] + [len(reached) - 2]
    for (advance, delay), end in zip(moments, latest, strict=True):
        met.append(kill(work, advance, delay, end))
        print(f"kill {len(met)}: {met[-1]}", flush=True)
    work.require(work.start())
    import tensorflow as tf

    return {
        "settings": settings,
        "seed": seed,
        "uninterrupted_seconds": reached[-1],
        "kills": met,
        "compared": differences(whole, work),
        "processor": processor.name(),
        "cores": os.cpu_count(),
        "tensorflow": tf.__version__,
    }


def main(arguments: list[str] | None = None) -> None:
    """Runs, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), given.kills, given.seed, SETTINGS)
        results["cost"] = seconds_to_the_first_record(Path(folder) / "cost")
    publish(RESULTS, results, PAGE, "resume", markdown)
    if any(row["different"] for row in results["compared"]):
        sys.exit("The runs differ.")


if __name__ == "__main__":
    main()
