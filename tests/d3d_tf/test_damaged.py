"""Each way in which a file can be wrong, as one line with its name."""

import json
import os

import numpy as np
import pytest

from d3d_tf.damaged import difference, naming, read_json
from d3d_tf.errors import UserError

FORM = {
    "name": str,
    "counts": {str: int},
    "flow": (dict, type(None)),
    "rows": [{"id": str, "share": float}],
}
GOOD = {
    "name": "x",
    "counts": {"a": 1, "b": 2},
    "flow": None,
    "rows": [{"id": "a", "share": 1}, {"id": "b", "share": 0.5, "more": []}],
    "of a later version": True,
}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged (it is empty)"),
        (b'{\n"name": ', "is damaged (not JSON: Expecting value in line 2)"),
        (b"\xff\xfe\x00", "is damaged (it is not text in UTF-8)"),
        (b"[" * 100_000, "is damaged (it is nested without end)"),
        (b"[1]", "is damaged (it is a list and not an object)"),
        (b"{}", "is damaged (it lacks name)"),
    ],
)
def test_a_file_that_is_damaged(tmp_path, content, words):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_json(path, FORM, "make it again")
    assert str(error.value) == f"{path} {words}: make it again."


def test_a_file_that_is_gone_or_something_else(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(UserError, match="x.json is missing: make it again.$"):
        read_json(path, FORM, "make it again")
    path.mkdir()
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\)"):
        read_json(path, FORM, "make it again")


def test_a_good_file(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(GOOD))
    assert read_json(path, FORM, "") == GOOD


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": 1}, "name: it is a whole number and not text"),
        ({"counts": {"a": True}}, "counts: a: it is true or false and not a"),
        ({"counts": {"a": 1.5}}, "counts: a: it is a number and not a whole"),
        ({"flow": "tvl1"}, "flow: it is text and not an object"),
        ({"rows": [{"id": "a"}]}, "rows: 1: it lacks share"),
        ({"rows": {}}, "rows: it is an object and not a list"),
    ],
)
def test_forms(changes, words):
    assert difference(GOOD, FORM) is None
    assert difference(GOOD | changes, FORM).startswith(words)


def test_readers_of_other_files(tmp_path):
    """An archive that was cut; an error that only its reader knows."""
    path = tmp_path / "x.npz"
    np.savez(path, a=np.zeros(100))
    os.truncate(path, 200)
    with pytest.raises(UserError, match="x.npz is damaged .*: score again.$"):
        with naming(path, "score again"):
            np.load(path)
    with pytest.raises(UserError, match=r"damaged \(it has no b\): score"):
        with naming(path, "score again", LookupError):
            raise LookupError("it has no b")
    with pytest.raises(LookupError):
        with naming(path, "score again"):
            raise LookupError("a mistake of ours")
