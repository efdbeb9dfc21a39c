"""The original lines' numbers (shared/goldens/yt8m/losses.json), by hand."""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.fewer_frames import (
    branch_divergence,
    encoding_loss,
    prediction_loss,
)


@pytest.mark.parametrize("name", ["loss_a", "loss_b"])
@pytest.mark.parametrize("dtype, share", [("float64", 1e-9), ("float32", 1e-4)])
def test_original_lines(goldens, name, dtype, share):
    """L_rep is a mean over videos, L_pred a sum."""
    text = (goldens / "yt8m" / "losses.json").read_text()
    golden = json.loads(text)[name]
    given = {
        key: np.array(golden["inputs"][key], dtype)
        for key in golden["inputs"]
        if key.endswith(("state", "probs"))
    }
    rep = encoding_loss(*(_pair(given, "state")))
    expected = golden["authors"]
    assert np.mean(rep) == pytest.approx(expected["rep"], rel=share)
    pred = prediction_loss(*(_pair(given, "probs")))
    assert pred.dtype == dtype
    assert np.sum(pred) == pytest.approx(expected["pred"], rel=share)


def _pair(given, what):
    return [
        tf.constant(given[f"{who}_{what}"]) for who in ("student", "teacher")
    ]


def test_zeros_are_finite():
    """Theirs are NaN and infinite; of (1/2, 1/2, 0) and (1/2, 0, 1/2) here
    the first class adds nothing, the second a half of log(1/2) - log(tiny).
    """
    teacher = tf.constant([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
    student = tf.constant([[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]])
    found = prediction_loss(student, teacher).numpy()
    assert found[0] == pytest.approx((np.log(0.5) - np.log(1.2e-38)) / 2, 1e-5)
    assert found[1] == 0


def test_divergence_by_hand():
    """At temperature 2 the mixture says (3/4, 1/4), the branches (1/2, 1/2) and
    the same.
    """
    mixture = tf.constant([[2 * np.log(3.0), 0.0]], tf.float32)
    branches = tf.constant([[[0.0, 0.0], [2 * np.log(3.0), 0.0]]], tf.float32)
    found = branch_divergence(branches, mixture, 2.0)
    expected = 3 / 4 * np.log(3 / 2) + 1 / 4 * np.log(1 / 2)
    assert float(found[0]) == pytest.approx(expected, rel=1e-5)
