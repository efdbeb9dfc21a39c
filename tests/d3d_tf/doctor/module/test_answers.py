"""The forms in which programs save answers."""

import json

import numpy as np
import pytest

from d3d_tf.doctor.module.answers import read_answers
from d3d_tf.errors import UserError

CLIPS = ["green", "violet"]
LABELS = ("walk", "jump", "run")
P, Q = [0.25, 0.25, 0.5], [0.125, 0.75, 0.125]


def read(tmp_path, content, labels=LABELS, width=3):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(content))
    return read_answers(path, CLIPS, labels, width)


@pytest.mark.parametrize(
    "content",
    [
        {"green": P, "violet": Q},
        {"violet.mp4": Q, "clips/green.mp4": P},
        {"green": [P], "violet": [Q]},
        # The logarithms of 2, 2, 4 and of 1, 6, 1.
        {"green": np.log([2, 2, 4]).tolist(), "violet": [0, np.log(6), 0]},
        {
            "green": {"predictions": [P]},
            "violet": {"predictions": [{"probabilities": Q, "features": [1]}]},
        },
        {
            "green": {"outputs": {"probabilities": [P], "logits": [Q]}},
            "violet": {"outputs": [Q]},
        },
        {"predictions": [P, Q]},
        {"predictions": [{"probabilities": P}, {"probabilities": Q}]},
        {"outputs": {"probabilities": [P, Q]}},
    ],
)
def test_lists(tmp_path, content):
    found = read(tmp_path, content)
    assert (found.clips, found.named) == (CLIPS, False)
    np.testing.assert_allclose(found.values, [P, Q])


def test_names(tmp_path):
    """The order is theirs; what is not said is not known."""
    found = read(
        tmp_path,
        {
            "green": {"run": 0.5, "walk": 0.25, "jump": 0.25},
            "violet": {"jump": 0.75},
        },
    )
    assert found.named
    np.testing.assert_equal(found.values, [P, [np.nan, 0.75, np.nan]])


def test_one_clip_is_enough(tmp_path):
    assert read(tmp_path, {"violet": Q}).clips == ["violet"]


def test_features(tmp_path):
    """Of any shape, and never taken for logits."""
    content = {"green": [[1.0, 2.0], [3.0, -4.0]]}
    found = read(tmp_path, content, labels=(), width=4)
    np.testing.assert_array_equal(found.values, [[1, 2, 3, -4]])


@pytest.mark.parametrize(
    "content, words",
    [
        ([P, Q], r"must hold \{"),
        ({"yellow": P}, "'yellow'; the clips are green, violet"),
        (
            {"green": [0.5, 0.5]},
            "there are 2 values, the module gives 3",
        ),
        ({"green": {"swim": 1.0}}, "knows no swim; its classes are walk, jump"),
        ({"green": [25, 25, 50]}, "per cent; divide them by 100"),
        ({"green": {"run": 7.5}}, "logits of some classes only"),
        ({"green": [float("nan"), 1, 0]}, "no numbers"),
        ({"green": ["a", "b", "c"]}, "green: could not convert"),
        ({"predictions": [P]}, "1 answers; there are 2 clips"),
        ({"green": P, "violet": {"run": 1.0}}, "for some clips only"),
        ({"green": {"predictions": [P, Q]}}, "the response has 2 answers"),
        ({"green": None}, "green: "),
    ],
)
def test_other_forms_are_refused(tmp_path, content, words):
    with pytest.raises(UserError, match=words):
        read(tmp_path, content)


def test_no_json(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read as JSON"):
        read_answers(tmp_path / "a.json", CLIPS, LABELS, 3)
    with pytest.raises(UserError, match="No such file"):
        read_answers(tmp_path / "b.json", CLIPS, LABELS, 3)
