"""What families make of other projects' checkpoints."""

import inspect

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.models import FAMILIES, open_original
from d3d_tf.models.inception.family import open_original as inception
from d3d_tf.models.original import Filled, Original
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
