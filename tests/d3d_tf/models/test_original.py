"""What families make of other projects' checkpoints."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.models import FAMILIES, open_original
from d3d_tf.models.inception.family import open_original as inception
from d3d_tf.models.original import (
    Filled,
    Original,
    assign,
    require_values,
)
from tests.published import SMALL, slim_shapes, values, write


def test_a_family_answers_what_is_asked(tmp_path):
    path = write(tmp_path / "model.ckpt", values(slim_shapes(5, **SMALL)))
    original = open_original(path, scope=None, averages=False, stated={})
    assert isinstance(original, inception)
    for name in inspect.get_annotations(Original):
        assert hasattr(original, name), name
    assert original.num_classes == 5 and original.kind == "slim"
    assert original.network.model == "s3dg"
    assert original.stream == "frames" and original.free == ()


def test_a_family_says_which_files_are_its_own(tmp_path, monkeypatch):
    """The default family gets the rest, and says what is wrong with it."""
    monkeypatch.setitem(FAMILIES, "other", "tests.d3d_tf.models.other_family")
    options = {"scope": None, "averages": False, "stated": {}}
    theirs = tmp_path / "model.other"
    assert open_original(theirs, **options) == ("other", theirs, options)
    ours = write(tmp_path / "model.ckpt", values(slim_shapes(5, **SMALL)))
    assert isinstance(open_original(ours, **options), inception)
    with pytest.raises(UserError, match="nobodys.ckpt"):
        open_original(tmp_path / "nobodys.ckpt", **options)


def test_filled_is_data():
    rows = [{"name": "w", "shape": [2], "used_as": "v", "skipped": None}]
    filled = Filled({"v": np.zeros(2)}, rows, [])
    assert filled.rows[0]["used_as"] in filled.values


GIVEN = {
    "a": np.zeros([2, 3]),
    "b": np.array([1.0, np.nan]),
    "new": np.zeros(1),
}


def test_what_does_not_fit_is_named(tmp_path):
    """By the names of the file, which are in capitals here."""
    shapes = {"a": (3, 2), "b": (2,), "c": (4,)}
    with pytest.raises(UserError) as error:
        require_values(tmp_path / "file", GIVEN, shapes, str.upper)
    for text in (
        "1 missing: C;",
        "1 surplus: NEW;",
        "1 of another shape: A is [2, 3], needed [3, 2];",
        "1 with values that are not finite: B.",
    ):
        assert text in str(error.value)
    require_values(tmp_path / "file", {"a": GIVEN["a"]}, {"a": (2, 3)}, str)


def test_assigned_and_listed():
    variable = tf.Variable([0.0, 0.0])
    values = {"ours": np.float32([1, 2])}
    there = {"theirs": np.zeros([1, 2]), "counter": np.array(3)}
    filled = assign(
        {"ours": variable}, values, there, {"theirs": "ours"}, "counted"
    )
    np.testing.assert_array_equal(variable, [1, 2])
    assert filled.values is values and filled.initial == []
    assert [(*row.values(),) for row in filled.rows] == [
        ("theirs", [1, 2], "ours", None),
        ("counter", [], None, "counted"),
    ]
