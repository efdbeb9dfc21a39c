"""What goldens_resnet.json keeps of shared/goldens/dnr.

`python -m tests.d3d_tf.models.resnet.copied_goldens` makes it anew. Arrays are
there by their `summary`, and twelve digits of every number: that is what two
float64 computations can have in common.
"""

import json
from pathlib import Path

import numpy as np

from tests.d3d_tf.models.resnet.golden_resnet import summary

HERE = Path(__file__).parent
PATH = HERE / "goldens_resnet.json"
ORIGIN = HERE.parents[4] / "shared" / "goldens" / "dnr"
_LEFT_OUT = ("logits", "variables", "weights_sha256", "clip_sha256")


def load() -> dict:
    """By file, by case."""
    return json.loads(PATH.read_text())


def copied(folder: Path) -> dict:
    """What the file must hold, of the original folder."""
    return {
        name: {
            case: _reduced(name, case, golden, folder)
            for case, golden in _read(folder, name)["cases"].items()
        }
        for name in ("tsn_tsm", "dnr_net", "ops")
    }


def _read(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text())


def _reduced(name: str, case: str, golden: dict, folder: Path) -> dict:
    kept = {
        key: value
        for key, value in golden.items()
        if key not in _LEFT_OUT and not key.startswith(("float32", "mmaction"))
    }
    if name != "ops":
        kept["weights_sha256"] = golden["weights_sha256"]
        kept["clip_sha256"] = golden["clip_sha256"]
    with np.load(folder / f"{name}.npz") as arrays:
        start = case.replace("/", "__")
        kept["arrays"] = {
            key[len(start) :].strip("_") or "value": summary(arrays[key])
            for key in arrays
            if key == start
            or name == "ops"
            and key.startswith(start + "__")
            and not key.startswith((start + "__bi", start + "__interlaced"))
        }
    if "after_one_update" in kept:
        kept["after_one_update"] = {
            variable: [value[0], value[-1], float(np.mean(value))]
            for variable, value in kept["after_one_update"].items()
        }
    if "running_after_one_update" in kept:
        kept["running_after_one_update"] = {
            layer: [
                value[f"{moment}_{part}"]
                for moment in ("mean", "var")
                for part in ("first4", "avg")
            ]
            for layer, value in kept["running_after_one_update"].items()
        }
    return _rounded(kept)


def _rounded(value):
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return value


if __name__ == "__main__":
    lines = (
        f"{json.dumps(name)}: {{\n"
        + ",\n".join(
            f"{json.dumps(case)}: {json.dumps(golden, separators=(',', ':'))}"
            for case, golden in cases.items()
        )
        + "\n}"
        for name, cases in copied(ORIGIN).items()
    )
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n")
