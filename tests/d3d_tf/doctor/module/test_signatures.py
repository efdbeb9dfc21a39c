"""Ways into a module that agree, and some that do not."""

import pytest

from d3d_tf.doctor.findings import ERROR, OK, WARNING
from d3d_tf.doctor.module.mistakes import MISTAKES, Oracle
from d3d_tf.doctor.module.served import open_module
from d3d_tf.doctor.module.signatures import (
    check_answers,
    check_mistake,
    check_signatures,
)
from tests.d3d_tf.doctor.module.impostor import save


def test_an_export(served):
    oracle = served.oracle()
    found = check_signatures(oracle)
    assert found.level == OK
    for name in ("serving_default", "frames_uint8", "frames_encoded"):
        assert f"{name} " in found.text
    answers = check_answers(oracle)
    assert answers.level == OK
    assert "to 4 bundled clips, on average 0." in answers.text


def test_effects(served):
    """What the range check refuses, and what it cannot see."""
    oracle = served.oracle()
    found = {m.words: check_mistake(oracle, m, 0.002).text for m in MISTAKES}
    refused = {words for words, text in found.items() if "refused" in text}
    assert refused == {words for words in found if words.startswith("values")}
    assert found["BGR, not RGB"].startswith("changes answers by 0.")
    assert found["BGR, not RGB"].endswith("; no signature refuses it")
    assert found["labels sorted by name"].endswith("clips; nobody refuses it")


def test_bytes_that_are_scaled_otherwise(tmp_path, bundled):
    """And a signature that was promised and is not there."""
    folder = save(
        tmp_path / "1", uint8_scale=128.0, signatures={"frames_encoded": []}
    )
    found = check_signatures(Oracle(open_module(folder), bundled))
    assert found.level == ERROR
    assert "frames_uint8 differs from the callable by" in found.text
    assert "frames_encoded is missing" in found.text
    assert "serving_default differs" not in found.text


@pytest.mark.parametrize(
    "told, differs", [({}, True), ({"bound": 1e-3}, False)]
)
def test_networks_that_enlarge_rounding(tmp_path, bundled, told, differs):
    """Off by 3e-3 of logits of 0.04 to 1: more than ten times 1e-5, and less
    than ten times what export allowed this one.
    """
    folder = save(tmp_path / "1", uint8_scale=255 * 1.003, **told)
    found = check_signatures(Oracle(open_module(folder), bundled))
    assert ("frames_uint8 differs from the callable" in found.text) is differs


def test_an_older_module_has_fewer(tmp_path, bundled):
    folder = save(tmp_path / "1")
    found = check_signatures(Oracle(open_module(folder), bundled))
    assert found.level == WARNING
    assert "frames_encoded is missing, as in modules of older" in found.text


def test_insensitive_modules_are_told(tmp_path, bundled):
    """A module of grey levels: the mean over colours is all it sees."""
    oracle = Oracle(open_module(save(tmp_path / "1", colour=False)), bundled)
    effects = {
        m.words: check_mistake(oracle, m, 0.002).text for m in oracle.possible()
    }
    assert (
        "hardly changes answers (0.0000), so it cannot be found"
        in (effects["BGR, not RGB"])
    )
    found = check_answers(oracle)
    assert found.level == WARNING
    assert "hardly depends on what it is shown" in found.text


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_answers_that_are_no_numbers(tmp_path, bundled):
    oracle = Oracle(open_module(save(tmp_path / "1", finite=False)), bundled)
    assert check_answers(oracle).level == ERROR
    assert "they are not finite" in check_answers(oracle).text
    assert check_signatures(oracle).level == ERROR
