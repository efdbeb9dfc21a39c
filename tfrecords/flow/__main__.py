"""Was a command, `python -m d3d_tf.tfrecords.flow`; see `--mode=flow`."""

import argparse
import sys

from d3d_tf.commands.flow import run
from d3d_tf.moved import moved

# Its options, by the keys of the recipe that they set.
FIELDS = {
    "short_side": "data.short_side",
    "algorithm": "flow.algorithm",
    "backend": "flow.backend",
    "codec": "flow.imported_codec",
    "bound": "flow.imported_bound",
}


def main(argv: list[str] | None = None) -> int:
    """Does what the command did; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m d3d_tf.tfrecords.flow")
    parser.add_argument("video", metavar="VIDEO")
    parser.add_argument("--out", required=True, metavar="FILE.npy")
    parser.add_argument("--threads", type=int)
    for name, field in FIELDS.items():
        parser.add_argument(f"--{name}", metavar=field)
    given = parser.parse_args(argv)
    values = {FIELDS[name]: getattr(given, name) for name in FIELDS}
    settings = [f"{key}={x}" for key, x in values.items() if x is not None]
    if given.codec:
        settings.append("flow.algorithm=imported")
    return moved(
        parser.prog,
        "--mode=flow --data=VIDEO --out=FILE.npy",
        lambda: run(
            data=given.video,
            out=given.out,
            settings=settings,
            threads=given.threads,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
