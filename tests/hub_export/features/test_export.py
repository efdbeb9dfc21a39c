"""Folders of modules of features, and what is not exported."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.doctor.findings import OK
from d3d_tf.doctor.module.served import open_module
from d3d_tf.doctor.module.signatures import check_signatures, inputs_for
from d3d_tf.errors import UserError
from d3d_tf.hub_export.client.module_info import read_module_info
from d3d_tf.models import make_network
from tests.harness.tiny import NEXTVLAD
from tests.hub_export.features.conftest import LABELS, export, made


def test_what_is_published(exported):
    _, path = exported
    told = json.loads((path / "module.json").read_text())
    assert told["kind"] == "classification_of_features"
    assert told["recipe"] == "practice" and not told["folded"]
    given = told["input"]
    assert (given["features"], given["rgb"], given["audio"]) == (
        1152,
        1024,
        128,
    )
    assert (given["shortest"], given["longest"]) == (1, 300)
    assert "every 60-th" in given["frames"]
    assert told["fewer_frames"]["way"] == "uniform"
    assert set(told["signatures"]) == {
        *("serving_default", "without_padding"),
        *("features_uint8", "rgb_audio_uint8"),
    }
    for outputs in told["signatures"].values():
        assert outputs == ["logits", "probabilities"]
    assert max(told["max_difference"].values()) < 1e-5
    assert (path / "assets" / "labels.txt").read_text().splitlines() == LABELS
    info = read_module_info(path)
    assert info.of_features and info.frames == 300
    assert info.labels == tuple(LABELS)
    assert path.with_name("module-1.tar.gz").exists()


def test_the_doctor_asks_every_signature(exported):
    """That without padding gives the same of a video that had padding."""
    _, path = exported
    module = open_module(path)
    inputs = inputs_for(module)
    told = json.loads((path / "module.json").read_text())
    assert set(inputs) == set(told["signatures"])
    assert inputs["without_padding"]["features"].shape == [1, 200, 1152]
    answer = module.output(inputs["serving_default"])
    found = check_signatures(module, inputs, answer)
    assert found.level == OK
    assert "without_padding " in found.text
    # What promised none, as of older versions, is not asked.
    told["signatures"].pop("without_padding")
    older = inputs_for(dataclasses.replace(module, told=told))
    assert "without_padding" not in older


@pytest.mark.large
def test_versions(tmp_path):
    """The same is not published again; other weights are."""
    assert export(made(), tmp_path).name == "1"
    assert export(made(), tmp_path).name == "1"
    assert export(made(seed=1), tmp_path).name == "2"


@pytest.mark.large
def test_a_policy_of_mixed_precision(tmp_path, precision):
    """The module computes in float32, with the same weights."""
    precision("mixed_bfloat16")
    told = json.loads((export(made(), tmp_path) / "module.json").read_text())
    assert max(told["max_difference"].values()) < 1e-5


def test_what_is_refused(tmp_path):
    with pytest.raises(UserError, match="3 logits, and there are 2 class"):
        export(made(), tmp_path, labels=LABELS[:2])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("audio", [0, pytest.param(2, marks=pytest.mark.large)])
def test_features_of_ones_own(tmp_path, audio):
    """Of 6 numbers, or of 4 and no sound: the module is as wide."""
    changes = {"rgb_features": 4, "audio_features": audio, "expansion": 2}
    recipe = dataclasses.replace(NEXTVLAD.recipe, **changes)
    network = make_network(recipe, 3, "features")
    folder = export(network, tmp_path, sampling=FrameSamplingRecipe())
    told = json.loads((folder / "module.json").read_text())
    assert told["input"]["features"] == 4 + audio
    module = tf.saved_model.load(str(folder))
    assert ("rgb_audio_uint8" in module.signatures) == bool(audio)
    features = np.full([1, 3, 4 + audio], 0.5, np.float32)
    found = module.signatures["without_padding"](features=features)
    np.testing.assert_allclose(found["logits"], network(features), rtol=1e-4)
    with pytest.raises(TypeError, match="features"):
        module.signatures["without_padding"](features=features[..., 1:])
