"""What two runs of one command kept, compared to the bit."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.sealed import SEAL

# What a clock decides, or the names that TensorFlow gives to functions, which
# count how many there were before; and the hash over it.
CHANCE = (
    *("wall_seconds", "ms_per_video", "milliseconds"),
    "saved_model_sha256",
    SEAL,
)


def differences(one, other) -> list[dict]:
    """Rows with `what`, `count` and the names that are `different`.

    Args:
      one, other: with the folders `run` and `records`, of finished runs.
    """
    rows = []
    for role in ("teacher", "baseline", "student"):
        paths = [w.run / "checkpoints" / role for w in (one, other)]
        rows.append(_row(f"checkpoint of the {role}", *map(_variables, paths)))
        rows.append(_row(f"history of the {role}", *map(_history, paths)))
    runs = (one.run, other.run)
    rows.append(_row("scores of every video", *map(_scores, runs)))
    rows.append(_row("results.json", *map(_results, runs)))
    rows.append(_row("exported module", *map(module, runs)))
    rows.append(_row("shards", *(_shards(w.records) for w in (one, other))))
    return rows


def _row(what: str, one: dict, other: dict) -> dict:
    """Compares two flat dicts of bytes, numbers and arrays."""
    different = sorted(
        name
        for name in one.keys() | other.keys()
        if name not in one
        or name not in other
        or bits(one[name]) != bits(other[name])
    )
    count = sum(np.size(value) for value in one.values())
    return {"what": what, "count": int(count), "different": different}


def bits(value):
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return value


def _variables(folder: Path) -> dict:
    """Weights, statistics, optimizer slots and counters of the last step."""
    return _read_variables(tf.train.latest_checkpoint(str(folder)))


def _read_variables(prefix: str) -> dict:
    reader = tf.train.load_checkpoint(prefix)
    return {
        name: np.asarray(reader.get_tensor(name))
        for name in reader.get_variable_to_shape_map()
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH"
    }


def _history(folder: Path) -> dict:
    lines = (folder / "history.csv").read_text().splitlines()
    return dict(enumerate(lines))


def _scores(run: Path) -> dict:
    found = {}
    for path in sorted(run.glob("scores/*.npz")):
        with np.load(path) as content:
            found |= {f"{path.stem}/{key}": content[key] for key in content}
    return found


def _results(run: Path) -> dict:
    return _flat(json.loads((run / "results.json").read_text()))


def module(run: Path) -> dict:
    """Variables, description and labels; the graph has names by chance."""
    (path,) = (p for p in (run / "export").iterdir() if p.name.isdigit())
    return {
        **_read_variables(str(path / "variables" / "variables")),
        **_flat(json.loads((path / "module.json").read_text())),
        "labels": (path / "assets" / "labels.txt").read_bytes(),
    }


def _shards(records: Path) -> dict:
    return {
        path.name: path.read_bytes() for path in records.glob("*/*.tfrecord")
    }


def _flat(content, name: str = "") -> dict:
    """`{path: value}` of nested JSON, without what is left to chance."""
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    else:
        return {name: content}
    found: dict = {}
    for key, value in items:
        if not str(key).endswith(CHANCE):
            found |= _flat(value, f"{name}/{key}")
    return found
