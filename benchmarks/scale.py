"""Hours, disk and cost of Kinetics, from what `benchmarks.data` measured.

`python -m benchmarks.scale` prints the table and writes it into docs/scale.md;
what is not measured is an argument.
"""

import argparse
import dataclasses
import json

from benchmarks.fill_docs import HERE, fill

RESULTS = HERE / "results" / "data.json"  # Of `benchmarks.data`.
PAGE = HERE.parent / "docs" / "scale.md"
# Training and validation clips as published: Kay et al. 2017 ("The Kinetics
# Human Action Video Dataset") and Carreira et al. 2018 ("A Short Note about
# Kinetics-600"). YouTube has lost many since.
VIDEOS = {"Kinetics-400": 246_245 + 20_000, "Kinetics-600": 392_622 + 30_001}
SECONDS, FRAME_RATE = 10, 25


@dataclasses.dataclass(frozen=True)
class Machines:
    """What prepares.

    Attributes:
      workers: machines.
      cores: of each.
      price: of a core for an hour, in dollars.
    """

    workers: int
    cores: int
    price: float


def need(videos: int, preparation: dict, machines: Machines) -> dict:
    """Wall hours, core hours, dollars, and terabytes (RGB; with flow)."""
    frames = videos * SECONDS * FRAME_RATE
    core_hours = frames / preparation["prepare_fps_per_core"] / 3600
    size = preparation["bytes_per_frame"]
    return {
        "hours": core_hours / machines.workers / machines.cores,
        "core_hours": core_hours,
        "dollars": core_hours * machines.price,
        "rgb_tb": frames * size["rgb"] / 1e12,
        "all_tb": frames * size["all"] / 1e12,
    }


def markdown(results: dict, machines: list[Machines]) -> str:
    """The table as docs/scale.md shows it."""
    lines = [
        "| | machines | hours | core hours | cost | disk, RGB and flow | of it "
        "RGB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, videos in VIDEOS.items():
        for each in machines:
            row = need(videos, results["preparation"], each)
            lines.append(
                f"| {name}, {videos:,} videos | {each.workers} x {each.cores} "
                f"cores | {row['hours']:,.0f} | {row['core_hours']:,.0f} | "
                f"${row['dollars']:,.0f} | {row['all_tb']:.1f} TB | "
                f"{row['rgb_tb']:.1f} TB |"
            )
    lines += [
        "",
        f"At ${machines[0].price:g} per core hour, "
        f"{results['preparation']['prepare_fps_per_core']:.1f} frames per "
        f"second per core, and every video {SECONDS} s long.",
    ]
    if results["load_before"] > 1:
        lines.append(
            "PRELIMINARY: others used the machine while it was measured (load "
            f"{results['load_before']}); alone it is quicker."
        )
    return "\n".join(lines)


def write(results: dict, machines: list[Machines]) -> None:
    """Prints the table and puts it into the page."""
    text = markdown(results, machines)
    print(text)
    fill(PAGE, "scale", text)


def main(arguments: list[str] | None = None) -> None:
    """Reads the measured results and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", type=int, default=16, help="per machine")
    parser.add_argument("--workers", type=int, default=16, help="machines")
    parser.add_argument("--price", type=float, default=0.05, help="$/core hour")
    given = parser.parse_args(arguments)
    machines = [
        Machines(count, given.cores, given.price)
        for count in (1, given.workers)
    ]
    write(json.loads(RESULTS.read_text()), machines)


if __name__ == "__main__":
    main()
