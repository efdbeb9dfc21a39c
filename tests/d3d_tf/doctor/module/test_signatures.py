"""Ways into a module that agree, and some that do not."""

import json
import shutil

import numpy as np
import pytest

from d3d_tf.doctor.findings import ERROR, OK, WARNING
from d3d_tf.doctor.module.served import open_module
from d3d_tf.doctor.module.signatures import (
    check_example,
    check_signatures,
    inputs_for,
)
from d3d_tf.hub_export.client.example import ANSWER, FOLDER, REQUEST
from d3d_tf.sealed import sealed
from tests.d3d_tf.doctor.module.impostor import save
from tests.hub_export.practice import export, made


def checked(folder):
    module = open_module(folder)
    clips = inputs_for(module)
    return check_signatures(
        module, clips, module.output(clips["serving_default"])
    )


def test_an_export(served):
    found = checked(served.path)
    assert found.level == OK
    for name in ("serving_default", "frames_uint8", "frames_encoded"):
        assert f"{name} " in found.text


def test_bytes_that_are_scaled_otherwise(tmp_path):
    """And a signature that was promised and is not there."""
    folder = save(
        tmp_path / "1", uint8_scale=128.0, signatures={"frames_encoded": []}
    )
    found = checked(folder)
    assert found.level == ERROR
    assert "frames_uint8 differs from the callable by" in found.text
    assert "frames_encoded is missing" in found.text
    assert "serving_default differs" not in found.text


@pytest.mark.parametrize(
    "told, differs", [({}, True), ({"bound": 1e-3}, False)]
)
def test_networks_that_enlarge_rounding(tmp_path, told, differs):
    """Off by 3e-3 of logits of about 1: more than ten times 1e-5, and less
    than ten times what export allowed this one.
    """
    folder = save(tmp_path / "1", uint8_scale=255 * 1.003, **told)
    found = checked(folder)
    assert ("frames_uint8 differs from the callable" in found.text) is differs


def test_an_older_module_has_fewer(tmp_path):
    found = checked(save(tmp_path / "1"))
    assert found.level == WARNING
    assert "frames_encoded is missing, as in modules of older" in found.text


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_answers_that_are_no_numbers(tmp_path):
    found = checked(save(tmp_path / "1", finite=False))
    assert found.level == ERROR
    assert "the answer is not finite" in found.text


@pytest.fixture
def copy(served, tmp_path):
    return shutil.copytree(served.path, tmp_path / "1")


def test_the_example(served):
    """The export's own answer, of a clip of 3 frames, to three classes."""
    found = check_example(served.module)
    assert (found.check, found.level) == ("example", OK)
    assert found.text.startswith(
        "3 frames, equal: the largest difference of 3 probabilities is "
    )


def test_an_older_module_has_none(copy):
    shutil.rmtree(copy / FOLDER)
    found = check_example(open_module(copy))
    assert found.level == WARNING
    assert "exported the module: export it again" in found.text


def test_the_example_of_another_module(copy, tmp_path):
    other = export(made(seed=1), tmp_path / "other")
    shutil.rmtree(copy / FOLDER)
    shutil.copytree(other / FOLDER, copy / FOLDER)
    found = check_example(open_module(copy))
    assert found.level == ERROR
    assert "it was made for another module" in found.text


def test_a_damaged_example(copy):
    (copy / FOLDER / REQUEST).write_text("")
    found = check_example(open_module(copy))
    assert found.level == ERROR
    assert f"{REQUEST} is not the one that was exported" in found.text


def test_weights_that_were_exchanged(copy, tmp_path):
    """Those of a network with other random weights, under this graph."""
    other = export(made(seed=1), tmp_path / "other")
    shutil.rmtree(copy / "variables")
    shutil.copytree(other / "variables", copy / "variables")
    found = check_example(open_module(copy))
    assert found.level == ERROR
    assert "3 frames; the largest difference is " in found.text


def test_features(tmp_path):
    path = export(made(), tmp_path, labels=[], kind="feature_vector")
    found = check_example(open_module(path))
    assert found.level == OK and " features is " in found.text
    answer = json.loads((path / FOLDER / ANSWER).read_text())
    answer.pop("content_sha256")
    values = np.array(answer["values"])
    # 10 times 1e-5, of values that are below 1, is allowed.
    assert np.abs(values).max() < 1
    answer["values"] = (values + 2e-4).tolist()
    (path / FOLDER / ANSWER).write_text(sealed(answer))
    assert check_example(open_module(path)).level == ERROR
