"""module.json against what is beside it."""

import json
import shutil

import pytest

from d3d_tf.doctor.findings import ERROR, OK, WARNING
from d3d_tf.doctor.module.promises import (
    check_input,
    check_labels,
    check_warm_up,
)
from d3d_tf.doctor.module.served import open_module
from d3d_tf.hub_export.warm_up import NAME
from d3d_tf.sealed import sealed
from tests.d3d_tf.doctor.module.impostor import save


@pytest.fixture
def copy(served, tmp_path):
    return shutil.copytree(served.path, tmp_path / "1")


def change(folder, edit):
    told = json.loads((folder / "module.json").read_text())
    edit(told)
    (folder / "module.json").write_text(sealed(told))
    return open_module(folder)


def test_input_in_words(served):
    """What the fixture was exported with; 3 frames in 16 times 3."""
    found = check_input(served.module)
    assert found.level == OK
    assert found.text == (
        "RGB, red first; float32 in [0, 1], or uint8; [batch, time, 8, 8, "
        "3]; 3 frames (1 to 48) at 25 per second; the middle of frames with a "
        "short side of 10 pixels"
    )


def test_input_of_segments(copy):
    found = check_input(change(copy, lambda t: t.update(sampling="segments")))
    assert found.level == OK
    assert "48), one of each of so many equal parts of a video; " in found.text


def test_input_of_others(copy):
    found = check_input(change(copy, lambda t: t["input"].update(colour="BGR")))
    assert found.level == ERROR
    assert "colour is 'BGR'; d3d_tf knows 'RGB'" in found.text


def test_input_of_an_older_module(tmp_path):
    found = check_input(open_module(save(tmp_path / "1")))
    assert found.level == WARNING
    assert "does not tell shortest, longest, range, colour" in found.text
    assert "tells no frame rate: 25 is taken" in found.text


def test_labels(served):
    found = check_labels(served.module, 3)
    assert (found.level, found.text) == (
        OK,
        "3 names; the order is the logit: left, right, größer, ...",
    )
    assert "gives 4 logits" in check_labels(served.module, 4).text


def test_labels_in_another_order(copy):
    labels = copy / "assets/labels.txt"
    labels.write_text("".join(sorted(labels.read_text().splitlines(True))))
    found = check_labels(open_module(copy), 3)
    assert found.level == ERROR
    assert "labels.txt is not the one that was exported" in found.text


def test_labels_twice_and_missing(copy):
    (copy / "assets/labels.txt").write_text("a\na\n")
    assert "a name is there twice" in check_labels(open_module(copy), 2).text
    (copy / "assets/labels.txt").unlink()
    found = check_labels(open_module(copy), 3)
    assert (found.level, found.text) == (
        ERROR,
        "3 logits; labels.txt is missing",
    )


def test_labels_without_a_hash(tmp_path):
    found = check_labels(open_module(save(tmp_path / "1")), 2)
    assert found.level == WARNING and "no hash of them" in found.text


def test_features_have_no_labels(tmp_path):
    module = open_module(save(tmp_path / "1", kind="feature_vector"))
    found = check_labels(module, 2)
    assert (found.level, found.text) == (OK, "none, as of every feature_vector")


def test_warm_up(copy):
    """As much as the export said it wrote."""
    told = change(copy, lambda t: None).told["warm_up"]
    found = check_warm_up(open_module(copy))
    if told.startswith("none"):
        assert found.level == WARNING and told in found.text
    else:
        assert (found.level, found.text) == (OK, "3 requests")
    path = copy / NAME
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"no record of TensorFlow's")
    assert check_warm_up(open_module(copy)).level == ERROR
    path.unlink()
    assert "first answers are slow" in check_warm_up(open_module(copy)).text
