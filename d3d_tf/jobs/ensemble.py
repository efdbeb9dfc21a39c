"""Was a command, `python -m d3d_tf.jobs.ensemble`; see `--mode=evaluate`."""

import argparse
import sys

from d3d_tf.commands.evaluate import fuse_results
from d3d_tf.moved import moved


def main(argv: list[str] | None = None) -> int:
    """Does what the command did; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m d3d_tf.jobs.ensemble")
    parser.add_argument("runs", metavar="RUN", nargs="+")
    parser.add_argument("--out", help="folder for results and scores")
    given = parser.parse_args(argv)
    return moved(
        parser.prog,
        "--mode=evaluate --checkpoint=RUN --checkpoint=RUN",
        lambda: fuse_results(given.runs, given.out),
    )


if __name__ == "__main__":
    sys.exit(main())
