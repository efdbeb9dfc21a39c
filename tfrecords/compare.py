"""Was a command, `python -m d3d_tf.tfrecords.compare`; see `--mode=compare`."""

import argparse
import sys

from d3d_tf.commands.compare import run
from d3d_tf.moved import moved


def main(argv: list[str] | None = None) -> int:
    """Does what the command did; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m d3d_tf.tfrecords.compare")
    parser.add_argument("places", metavar="A B", nargs=2)
    parser.add_argument("--out", help="file for the ids that both have")
    given = parser.parse_args(argv)
    return moved(
        parser.prog,
        "--mode=compare --checkpoint=A --checkpoint=B",
        lambda: run(checkpoint=given.places, out=given.out),
    )


if __name__ == "__main__":
    sys.exit(main())
