"""Folders of detectors: what is in them, and what makes another version."""

import json

import pytest

from d3d_tf.errors import UserError
from d3d_tf.hub_export.client.module_info import read_module_info
from tests.hub_export.detection.conftest import LABELS, export, made


def test_what_is_published(exported):
    _, path = exported
    told = json.loads((path / "module.json").read_text())
    assert told["kind"] == "detection" and told["folded"]
    assert told["recipe"] == "practice"
    clip = told["input"]
    assert (clip["frames"], clip["short_side"], clip["size"]) == (4, 36, None)
    # MaxPool_2a_3x3 has a frame for two.
    assert (clip["shortest"], clip["longest"]) == (2, 16)
    assert told["signatures"] == {
        name: ["boxes", "probabilities"]
        for name in ("serving_default", "frames_uint8", "frames_encoded")
    }
    assert max(told["max_difference"].values()) < 1e-5
    assert (path / "assets" / "labels.txt").read_text().splitlines() == LABELS
    info = read_module_info(path)
    assert info.detects and info.size is None and info.labels == tuple(LABELS)


@pytest.mark.large
def test_versions(tmp_path):
    """The same is not published again; other weights are."""
    assert export(made(), tmp_path).name == "1"
    assert export(made(), tmp_path).name == "1"
    assert export(made(seed=1), tmp_path).name == "2"
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {"1", "2", "module-1.tar.gz", "module-2.tar.gz", "serving"}


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"labels": LABELS[:2]}, "3 logits, and there are 2 class names"),
        ({"frames": 0}, "at least 1 frame of 1 pixel; got frames 0"),
        ({"short_side": 0}, "got frames 4 and short_side 0"),
    ],
)
def test_what_is_refused(tmp_path, changes, words):
    with pytest.raises(UserError, match=words):
        export(made(), tmp_path, **changes)
    assert not list(tmp_path.iterdir())


def test_a_policy_of_mixed_precision(tmp_path, precision):
    precision("mixed_bfloat16")
    with pytest.raises(UserError, match="computes in bfloat16"):
        export(made(), tmp_path)
