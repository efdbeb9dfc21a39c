"""ActivityNet's evaluation of AVA, in SlowFast's copy from PyPI.

`python -m benchmarks.official_ava TRUTH.csv FOUND.csv` prints frame-mAP as
JSON. Rows of a keyframe must come from the best score down, as the copy does
not sort them.
"""

import contextlib
import importlib
import json
import sys
import types

import numpy as np

from benchmarks.fill_docs import HERE
from d3d_tf.detection.actions import ava_actions

PLACE = HERE.parent / "build" / "slowfast"  # `make build/slowfast`.


def original():
    """Its module, without what SlowFast does when it is imported."""
    for name in ("slowfast", "slowfast.utils"):
        module = types.ModuleType(name)
        module.__path__ = [str(PLACE / name.replace(".", "/"))]
        sys.modules[name] = module
    np.bool, np.float = bool, float  # Names that NumPy has dropped.
    return importlib.import_module("slowfast.utils.ava_eval_helper")


def main(truth: str, found: str) -> None:
    """Reads both files and scores them as `evaluate_ava_from_files` does."""
    helper = original()
    actions = ava_actions()
    categories = [{"id": i, "name": name} for i, name in actions.items()]
    boxes = helper.read_csv(truth, set(actions), load_score=False)
    detected = helper.read_csv(found, set(actions), load_score=True)
    with contextlib.redirect_stdout(sys.stderr):
        metrics = helper.run_evaluation(categories, boxes, detected, set())
    print(json.dumps(metrics["PascalBoxes_Precision/mAP@0.5IOU"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
