"""Folders that are modules, and what is left of some."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.doctor.module.served import is_module, open_module
from d3d_tf.errors import UserError
from tests.d3d_tf.doctor.module.impostor import save


@pytest.fixture
def copy(served, tmp_path):
    return shutil.copytree(served.path, tmp_path / "1")


def test_an_export(served):
    module = served.module
    assert is_module(served.path) and not is_module(served.path.parent)
    assert module.classifies
    assert (module.frames, module.size, module.frame_rate) == (3, 8, 25.0)
    clips = np.zeros([2, 3, 8, 8, 3], np.float32)
    assert module.output({"frames": clips}).shape == (2, 3)


def spoil_an_older_one(folder):
    """Whose module.json has no hashes."""
    told = json.loads((folder / "module.json").read_text())
    for key in ("saved_model_sha256", "content_sha256"):
        del told[key]
    (folder / "module.json").write_text(json.dumps(told))
    (folder / "saved_model.pb").write_bytes(b"\xff" * 99)


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda f: (f / "module.json").unlink(), "module.json is missing"),
        (
            lambda f: (f / "module.json").write_text('{"kind": "cl'),
            "module.json cannot be read .*Unterminated string",
        ),
        (
            lambda f: (f / "module.json").write_text("[1]"),
            "module.json cannot be read .*list indices",
        ),
        (
            lambda f: (f / "saved_model.pb").unlink(),
            "saved_model.pb is missing",
        ),
        (
            lambda f: (f / "saved_model.pb").write_bytes(b"\xff" * 99),
            "saved_model.pb is damaged .it is not what was written, by its SHA",
        ),
        (
            lambda f: spoil_an_older_one(f),
            "TensorFlow cannot load it, saved_model.pb may be damaged",
        ),
        (
            lambda f: shutil.rmtree(f / "variables"),
            "variables/variables.index is missing",
        ),
        (
            lambda f: (f / "assets/labels.txt").write_bytes(b"left\n\xff\n"),
            "^The labels cannot be read: .*labels.txt, line 2, is not UTF-8",
        ),
    ],
)
def test_damage(copy, damage, words):
    damage(copy)
    assert is_module(copy)
    with pytest.raises(UserError, match=words):
        open_module(copy)


def test_a_saved_model_of_others(tmp_path):
    tf.saved_model.save(tf.train.Checkpoint(), str(tmp_path))
    (tmp_path / "module.json").write_text(
        json.dumps({"input": {"frames": 4, "size": 8}})
    )
    with pytest.raises(UserError, match="cannot be called"):
        open_module(tmp_path)


def test_without_a_rate_the_papers_is_taken(tmp_path):
    assert open_module(save(tmp_path / "1")).frame_rate == 25.0
