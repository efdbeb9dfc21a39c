"""Was a command, `python -m d3d_tf.jobs.split_mean`; see `--mode=evaluate`."""

import argparse
import sys

from d3d_tf.commands.evaluate import average_results
from d3d_tf.moved import moved


def main(argv: list[str] | None = None) -> int:
    """Does what the command did; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m d3d_tf.jobs.split_mean")
    parser.add_argument("runs", metavar="RUN", nargs="+")
    parser.add_argument("--out", help="JSON file for the means")
    given = parser.parse_args(argv)
    return moved(
        parser.prog,
        "--mode=evaluate --checkpoint=RUN --checkpoint=RUN",
        lambda: average_results(given.runs, given.out),
    )


if __name__ == "__main__":
    sys.exit(main())
