"""What boxes cost: a detector beside its backbone alone.

`python -m benchmarks.speed_detector` times the recipes `toy_ava` and
`ava_x3d_s` with random weights, and writes its table into docs/detection.md.
Networks take turns.
"""

import argparse

import numpy as np
import tensorflow as tf

from benchmarks.fill_docs import HERE, publish
from benchmarks.speed import milliseconds
from d3d_tf import processor
from d3d_tf.config import Recipe
from d3d_tf.detector.trainer import DetectorTrainer
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.models import make_network
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.networks import make_role

RESULTS = HERE / "results" / "speed_detector.json"
PAGE = HERE.parent / "docs" / "detection.md"
# Width over height of the whole frames that keyframes are scored on.
SHAPES = {"toy_ava": 1.5, "ava_x3d_s": 16 / 9}
BOXES = (5, 50)
# Clips of a training step.
BATCH = 2


def keyframe_cases(recipe: Recipe, wide: float) -> dict:
    """`{name: call}` of one keyframe."""
    short = recipe.evaluation.scaled_short_side or recipe.data.short_side
    shape = [1, recipe.clip.frames, short, round(wide * short), 3]
    frames = tf.random.stateless_normal(shape, [0, 1])
    detector = make_role(recipe, "baseline", 80)
    trunk, endpoint = detector.backbone.trunk, recipe.detector.endpoint
    alone = tf.function(lambda f: trunk.up_to(endpoint, f, False)[endpoint])
    detect = tf.function(detector.detect)
    cases = {"features alone": lambda: alone(frames).numpy()}
    for count in BOXES:
        boxes = random_boxes(1, count)
        cases[f"{count} boxes"] = lambda b=boxes: detect(frames, b)[0].numpy()
    return cases


def training_cases(recipe: Recipe) -> dict:
    """`{name: call}` of one step of a detector, and of a classifier."""
    size = recipe.clip.size
    shape = [BATCH, recipe.clip.frames, size, size, 3]
    frames = tf.random.stateless_normal(shape, [0, 1])
    rois = recipe.detector.rois
    lesson = np.zeros([BATCH, rois, 6 + 80], np.float32)
    lesson[..., :2] = 1
    plain = StreamTrainer(make_network(recipe.network, 80, "frames"))
    detector = DetectorTrainer(make_role(recipe, "baseline", 80))
    steps = {}
    for name, trainer in (("backbone", plain), ("detector", detector)):
        trainer.compile(keras.optimizers.SGD(1e-5))
        steps[name] = tf.function(trainer.train_step)
    inputs = {"frames": frames, "boxes": random_boxes(BATCH, rois)}
    labels = tf.zeros([BATCH], tf.int64)
    return {
        "classifier": lambda: steps["backbone"](({"frames": frames}, labels)),
        f"{rois} boxes a clip": lambda: steps["detector"]((inputs, lesson)),
    }


def random_boxes(batch: int, count: int) -> tf.Tensor:
    """float32 `[batch, count, 4]`, a fifth to a half of each side."""
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 0.5, [batch, count, 2])
    high = low + rng.uniform(0.2, 0.5, low.shape)
    return tf.constant(np.concatenate([low, high], -1), tf.float32)


def markdown(results: dict) -> str:
    """The table as docs/detection.md shows it."""
    lines = [
        "| recipe | a keyframe, ms | a training step of two clips, ms |",
        "|---|---|---|",
    ]
    for name, row in results["recipes"].items():
        cells = [
            ", ".join(f"{case} {ms:.0f}" for case, ms in row[part].items())
            for part in ("keyframe", "training")
        ]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"On {results['processor']}."])


def main(argv: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args(argv)
    rows = {}
    for name, wide in SHAPES.items():
        recipe = RECIPES[name]
        rows[name] = {
            "keyframe": milliseconds(
                keyframe_cases(recipe, wide), given.rounds
            ),
            "training": milliseconds(training_cases(recipe), given.rounds),
        }
    results = {"recipes": rows, "processor": processor.description()}
    publish(RESULTS, results, PAGE, "speed detector", markdown)


if __name__ == "__main__":
    main()
