"""The module of the toy run's student."""

import json

import numpy as np
import tensorflow as tf

from d3d_tf.experiment.agreement_clips import CLIENT, ORIGINAL, STORED
from d3d_tf.runs.loading import load_checkpoint


def test_module_of_the_student(toy):
    """The exported logits are those of the checkpoint, [0, 1] for [-1, 1]."""
    module = tf.saved_model.load(str(toy.run.export_path / "1"))
    frames = np.random.default_rng(0).random([2, 4, 16, 16, 3], np.float32)
    student = load_checkpoint(toy.run.folder, "student")
    np.testing.assert_allclose(
        module(frames, training=False), student(frames * 2 - 1), atol=1e-5
    )


def test_description(toy):
    """Where it is from, and what it may be given."""
    path = toy.run.export_path / "1"
    description = json.loads((path / "module.json").read_text())
    results = toy.run.read_results()
    assert description["recipe"] == "toy"
    assert description["recipe_hash"] == results["recipe_hash"]
    assert description["frame_rate"] == 25
    assert description["input"]["short_side"] == 24
    assert description["metrics"] == results["metrics"]
    assert description["flow_recipe"] == toy.dataset().info["flow_recipe"]
    assert description["flow"] == toy.dataset().flow
    assert description["flow_mismatch"] is None
    assert description["input"]["frames"] == 4
    assert description["input"]["size"] == 16
    assert description["protocol"] == results["protocol"]
    assert description["dataset"] == results["dataset"]
    # The records' own JPEGs are decoded by the same decoder.
    ways = description["videos"]["ways"]
    assert ways[STORED]["n"] == ways[ORIGINAL]["n"] == 8
    assert ways[STORED]["top1_agreement"] == 1
    assert ways[STORED]["max_probability_difference"] < 1e-5
    assert ways[ORIGINAL]["max_probability_difference"] < 0.1
    assert ways[CLIENT]["n"] == 8
    assert ways[CLIENT]["max_probability_difference"] < 1e-5
    card = (path / "README.md").read_text()
    assert results["protocol"] in card and ORIGINAL in card
    assert CLIENT in card
    labels = (path / "assets" / "labels.txt").read_text().splitlines()
    assert labels == toy.dataset().classes
