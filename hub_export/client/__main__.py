"""`python -m d3d_tf.hub_export.client VIDEO --server=grpc://HOST:PORT`.

With a detector's `--module`, or `--boxes=FILE`, it asks who does what. With the
`--module` of a network of features, VIDEO is a file of YouTube-8M's. With
`--check --module=EXPORT/VERSION` instead of VIDEO it sends the module's example
clip and compares.
"""

import argparse
import dataclasses
import io
import os
import sys

from d3d_tf.hub_export.client.classification import (
    FRAME_RATE,
    FRAMES,
    MODEL,
    classify,
)
from d3d_tf.hub_export.client.errors import (
    ClientError,
    UsageError,
    printable,
)
from d3d_tf.hub_export.client.example import SIGNATURE
from d3d_tf.hub_export.client.module_info import (
    ModuleInfo,
    read_labels,
    read_module_info,
)


def main(argv: list[str] | None = None) -> int:
    """Prints the top classes of a video; returns the exit code.

    1 stands for what went wrong, 2 for wrong usage.
    """
    arguments = _parse(argv)
    try:
        if arguments.check:
            return _check(arguments)
        info = _info(arguments)
        names = "model", "version", "signature", "deadline", "retries"
        asked = {name: getattr(arguments, name) for name in names}
        asked["info"] = info
        if info.of_features:
            return _of_features(arguments, asked)
        if arguments.boxes or info.detects:
            return _detect(arguments, asked)
        answer = classify(arguments.video, arguments.server, **asked)
    except ClientError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except ModuleNotFoundError as error:
        print(
            f"error: {error}. The client needs numpy, av and opencv (any cv2), "
            "and for grpc:// grpcio and protobuf.",
            file=sys.stderr,
        )
        return 1
    if answer.assumed:
        print(
            "note: nobody told the module's "
            f"{' and '.join(answer.assumed)}: {FRAMES} frames, {FRAME_RATE:g} "
            "per second, as in the paper, are taken where nothing else is "
            "said. --module=EXPORT/VERSION tells.",
            file=sys.stderr,
        )
    print(_about(arguments, answer))
    for label, probability in answer.top(arguments.top):
        print(f"{100 * probability:6.1f} %  {printable(label)}")
    return 0


def _about(arguments: argparse.Namespace, answer) -> str:
    return (
        f"{printable(arguments.video)}, by {printable(arguments.model)} at "
        f"{printable(arguments.server)}: {answer.frames} frames, "
        f"{answer.num_bytes / 1e6:.2f} MB, {answer.seconds:.2f} s"
    )


def _detect(arguments: argparse.Namespace, asked: dict) -> int:
    """Prints what the persons do, and draws it; returns the exit code."""
    from d3d_tf.hub_export.client.detection import detect, read_boxes

    boxes = read_boxes(arguments.boxes) if arguments.boxes else None
    answer = detect(arguments.video, arguments.server, boxes, **asked)
    print(_about(arguments, answer))
    for person in range(len(answer.boxes)):
        actions = ", ".join(
            f"{printable(label)} {100 * value:.0f} %"
            for label, value in answer.actions(person)
        )
        print(f"person {person + 1}: {actions}")
    if arguments.out:
        from d3d_tf.hub_export.client.drawing import write_picture

        write_picture(arguments.out, answer)
        print(f"picture: {printable(arguments.out)}")
    return 0


def _of_features(arguments: argparse.Namespace, asked: dict) -> int:
    """Prints the top classes of each video; returns the exit code."""
    from d3d_tf.hub_export.client.features import classify_features

    if asked["signature"] == SIGNATURE:  # It is not asked for another.
        del asked["signature"]
    for answer in classify_features(arguments.video, arguments.server, **asked):
        shown = ", ".join(
            f"{printable(label)} {100 * probability:.1f} %"
            for label, probability in answer.top(arguments.top)
        )
        print(f"{printable(answer.video)}, {answer.frames} frames: {shown}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    """Prints how the answer to the example differs; returns the exit code."""
    from d3d_tf.hub_export.client.check import check

    equal, text = check(
        arguments.server,
        arguments.module,
        model=arguments.model,
        version=arguments.version,
        allowed=arguments.allowed,
        deadline=arguments.deadline,
        retries=arguments.retries,
    )
    asked = f"{printable(arguments.model)} at {printable(arguments.server)}"
    print(f"{asked}: {'' if equal else 'DIFFERS: '}{printable(text, 900)}")
    return 0 if equal else 1


def _info(arguments: argparse.Namespace) -> ModuleInfo:
    info = ModuleInfo()
    if arguments.module:
        info = read_module_info(arguments.module)
    given = {
        name: getattr(arguments, name)
        for name in ("frames", "frame_rate", "short_side", "jpeg_quality")
        if getattr(arguments, name) is not None
    }
    if arguments.labels:
        given["labels"] = read_labels(arguments.labels)
    return dataclasses.replace(info, **given)


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m d3d_tf.hub_export.client",
        description="Classifies a video by a module in TensorFlow Serving, or "
        "checks that the server answers as the module does.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "video", nargs="?", help="a video file, or one of features"
    )
    what.add_argument(
        "--check",
        action="store_true",
        help="send the example clip of --module instead, and say whether the "
        "answer is the module's; exit code 1 if it is not",
    )
    parser.add_argument(
        "--server",
        required=True,
        help="grpc://HOST:PORT, or http://HOST:PORT for REST",
    )
    parser.add_argument("--model", default=MODEL, help="as in models.config")
    parser.add_argument("--version", type=int, help="default: the newest")
    parser.add_argument("--signature", default=SIGNATURE)
    parser.add_argument(
        "--module",
        help="the module's version folder or module.json, for frames, rate, "
        "size and labels, and for the example of --check",
    )
    parser.add_argument(
        "--allowed",
        type=float,
        help="with --check: the largest difference; default: what float32 on "
        "another machine may make (see docs/input.md)",
    )
    parser.add_argument("--labels", help="a file with one class per line")
    parser.add_argument(
        "--boxes",
        help="persons in the middle frame, for a detector: a file of "
        "x1,y1,x2,y2 per line, shares of width and height",
    )
    parser.add_argument(
        "--out", help="of a detector: the picture to draw the answer on"
    )
    parser.add_argument("--frames", type=int, help="of a clip")
    parser.add_argument("--frame_rate", type=float, help="per second")
    parser.add_argument("--short_side", type=int, help="of frames, in pixels")
    parser.add_argument(
        "--jpeg_quality",
        type=int,
        help="1 to 100; default: 95, or less, down to 75, for 1 MB",
    )
    parser.add_argument("--deadline", type=float, default=60.0, help="seconds")
    parser.add_argument("--retries", type=int, default=3)
    parser.add_argument("--top", type=int, default=5, help="classes shown")
    arguments = parser.parse_args(argv)
    if arguments.check and not arguments.module:
        parser.error("--check needs --module=EXPORT/VERSION")
    return arguments


if __name__ == "__main__":
    # Names of files and classes that the terminal has no letters for.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # gRPC writes lines of its own about servers that misbehave.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    sys.exit(main())
