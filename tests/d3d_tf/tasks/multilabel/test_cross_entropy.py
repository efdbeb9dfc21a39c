"""By hand, and the original lines' (shared/goldens/yt8m/losses.json)."""

import json

import numpy as np
import pytest

from d3d_tf.keras_api import keras
from d3d_tf.tasks.multilabel.cross_entropy import (
    SummedCrossEntropy,
    cross_entropy,
)


@pytest.mark.parametrize("name", ["loss_a", "loss_b"])
def test_original_lines(goldens, name):
    """H-RNN's, NeXtVLAD's and the kit's; one p is 1, one 1e-9."""
    text = (goldens / "yt8m" / "losses.json").read_text()
    golden = json.loads(text)[name]
    given = golden["inputs"]
    labels = np.zeros([len(given["labels"]), given["classes"]])
    for row, own in zip(labels, given["labels"], strict=True):
        row[own] = 1
    for epsilon, role, expected in (
        (1e-5, "teacher", golden["authors"]["teacher_ce"]),
        (1e-5, "student", golden["authors"]["student_ce"]),
        (1e-8, "student", golden["other"]["nextvlad_author_student_ce"]),
        (1e-5, "student", golden["other"]["starter_kit_2019_student_ce"]),
    ):
        p = np.float64(given[f"{role}_probs"])
        found = np.mean(cross_entropy(labels, p, epsilon))
        assert found == pytest.approx(expected, rel=1e-9)


def test_of_logits():
    """Odds 3 : 1 and 1 : 1, of which the first is right: log 3/4 + log 1/2."""
    loss = SummedCrossEntropy(epsilon=0.0)
    found = loss([[1.0, 0.0]], [[np.log(3.0), 0.0]])
    assert float(found) == pytest.approx(-np.log(3 / 8), rel=1e-6)
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert copy.epsilon == 0.0
