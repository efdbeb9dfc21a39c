"""Ways to damage a file, and which files of this package are damaged."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path


def flip(content: bytes, rng: random.Random) -> bytes:
    """One bit is another one."""
    if not content:
        return b"\x01"
    place = rng.randrange(len(content))
    other = content[place] ^ 1 << rng.randrange(8)
    return content[:place] + bytes([other]) + content[place + 1 :]


def cut(content: bytes, rng: random.Random) -> bytes:
    """The end is missing."""
    return content[: rng.randrange(len(content))] if content else content


def empty(content: bytes, rng: random.Random) -> bytes:
    """Nothing is left."""
    return b""


def double(content: bytes, rng: random.Random) -> bytes:
    """All of it twice."""
    return content * 2


def reverse(content: bytes, rng: random.Random) -> bytes:
    """Its lines the other way round."""
    return b"".join(content.splitlines(keepends=True)[::-1])


def digit(content: bytes, rng: random.Random) -> bytes:
    """One digit is another one: the file is still of its form."""
    places = [i for i, byte in enumerate(content) if byte in b"0123456789"]
    place = rng.choice(places)
    other = rng.choice([d for d in b"0123456789" if d != content[place]])
    return content[:place] + bytes([other]) + content[place + 1 :]


def nulls(content: bytes, rng: random.Random) -> bytes:
    """Valid JSON and YAML, but not what was there."""
    return rng.choice([b"null\n", b"[]\n", b"{}\n", b'{"classes": 3}\n'])


BINARY = (flip, cut, empty)
TEXT = (cut, empty, nulls, digit, flip)
RECORDS_MODES = ("evaluate", "train", "doctor-records")
RUN_MODES = ("evaluate", "export", "predict", "distill", "doctor-run")
MODULE_MODES = ("finetune", "doctor-module")


@dataclasses.dataclass(frozen=True)
class Target:
    """A kind of file.

    Attributes:
      group: row of the table.
      pattern: glob below the working folder.
      ways: how it is damaged; besides, it is removed.
      modes: what reads it.
    """

    group: str
    pattern: str
    ways: tuple[Callable[[bytes, random.Random], bytes], ...]
    modes: tuple[str, ...]


TARGETS = (
    Target("records", "records/*/*.tfrecord", (*BINARY, double), RECORDS_MODES),
    *(
        Target("records", f"records/*/{name}", TEXT, RECORDS_MODES)
        for name in ("dataset.json", "manifest.json")
    ),
    Target(
        "records",
        "records/*/label_map.txt",
        (cut, empty, reverse, flip),
        RECORDS_MODES,
    ),
    *(
        Target("runs", f"run/{name}", TEXT, RUN_MODES)
        for name in (
            "recipe.yaml",
            "origin.json",
            "results.json",
            "checkpoints/student/finished.json",
            "scores/student.json",
        )
    ),
    Target("runs", "run/label_map.txt", (cut, empty, reverse, flip), RUN_MODES),
    Target("runs", "run/checkpoints/student/ckpt-*", BINARY, RUN_MODES),
    Target("runs", "run/checkpoints/student/checkpoint", TEXT, RUN_MODES),
    *(
        Target("modules", f"run/export/1/{name}", BINARY, MODULE_MODES)
        for name in ("saved_model.pb", "variables/variables.*")
    ),
    Target("modules", "run/export/1/module.json", TEXT, MODULE_MODES),
    Target(
        "modules",
        "run/export/1/assets/labels.txt",
        (cut, empty, reverse, flip),
        MODULE_MODES,
    ),
)


def damage(folder: Path, target: Target, rng: random.Random) -> tuple[str, str]:
    """Damages one file; returns its path below the folder, and how.

    In one case of five it is removed, and a shard may be exchanged with another
    one.
    """
    path = rng.choice(sorted(folder.glob(target.pattern)))
    ways = [*target.ways, None]
    if path.suffix == ".tfrecord":
        ways.append(exchange)
    way = rng.choice(ways)
    name = str(path.relative_to(folder))
    if way is None:
        path.unlink()
        return name, "removed"
    if way is exchange:
        return name, exchange(path, rng)
    path.write_bytes(way(path.read_bytes(), rng))
    return name, way.__name__


def exchange(path: Path, rng: random.Random) -> str:
    """Swaps a file with another one of its folder and suffix."""
    others = [p for p in path.parent.glob(f"*{path.suffix}") if p != path]
    other = rng.choice(sorted(others))
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)
    return f"exchanged with {other.name}"
