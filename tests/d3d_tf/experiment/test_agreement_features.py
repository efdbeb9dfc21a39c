"""The same videos by every way into a module of features."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.commands import export, predict
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.errors import UsageError
from d3d_tf.experiment.agreement_features import compare_with_pipeline
from d3d_tf.runs.folder import Run
from tests.feature_run import probabilities_of

WAYS = "serving_default", "without_padding", "features_uint8", "rgb_audio_uint8"

# Of a run that was trained and exported.
pytestmark = pytest.mark.large


def test_all_ways_agree_with_the_scores(feature_module):
    told = json.loads((feature_module / "module.json").read_text())
    videos = told["videos"]
    assert videos["note"] == "records of validation of data"
    assert list(videos["ways"]) == [f"{w}, the records' features" for w in WAYS]
    for row in videos["ways"].values():
        assert row["n"] == 6 and row["label_agreement"] == 1
        assert row["max_probability_difference"] < 1e-5
    assert told["network"]["model"] == "nextvlad"
    assert told["task"] == "youtube8m" and told["recipe"] == "own_videos"


def test_an_answer_by_hand(feature_module, feature_run):
    content = feature_run.videos["v150"]
    loaded = tf.saved_model.load(str(feature_module))
    found = loaded.signatures["rgb_audio_uint8"](
        rgb=tf.constant(content[None, :, :1024]),
        audio=tf.constant(content[None, :, 1024:]),
        num_frames=tf.constant([150]),
    )["probabilities"][0]
    right = probabilities_of(feature_run.network, content)
    np.testing.assert_allclose(found, right, atol=1e-5)


def test_other_frames_are_seen(feature_module, feature_run):
    """A comparison that cannot agree: the scores are of the last frames."""
    run = feature_run.run
    report = compare_with_pipeline(
        tf.saved_model.load(str(feature_module)),
        feature_run.network,
        open_dataset(run.origin()["records"]),
        run.recipe(),
        FrameSamplingRecipe(way="last", k=5),
    )
    for row in report["ways"].values():
        assert row["max_probability_difference"] > 1e-4


def test_drawn_frames_are_others(feature_module, feature_run):
    recipe = feature_run.run.recipe()
    report = compare_with_pipeline(
        tf.saved_model.load(str(feature_module)),
        feature_run.network,
        open_dataset(feature_run.run.origin()["records"]),
        recipe,
        FrameSamplingRecipe(way="random", k=5),
    )
    assert "draws other frames than the module" in report["note"]


def test_a_module_predicts_as_its_run(feature_module, feature_run, capsys):
    """It becomes a run again."""
    said = []
    for checkpoint in (feature_run.run.folder, feature_module):
        capsys.readouterr()
        predict.run(data=str(feature_run.file), checkpoint=str(checkpoint))
        lines = capsys.readouterr().out.splitlines()
        said.append(lines[-6:])
    assert said[0] == said[1]


def test_records_that_are_gone(feature_run, tmp_path):
    """The module is written all the same."""
    run = Run(shutil.copytree(feature_run.run.folder, tmp_path / "run"))
    shutil.rmtree(run.export_path)
    hidden = feature_run.file.rename(tmp_path / "hidden")
    try:
        export.run(checkpoint=str(run.folder))
    finally:
        hidden.rename(feature_run.file)
    told = json.loads((run.export_path / "1" / "module.json").read_text())
    assert told["videos"]["note"].startswith(f"none: {feature_run.file} is gon")
    assert not told["videos"]["ways"]


def test_no_other_kind_of_module(feature_run):
    with pytest.raises(UsageError, match="of a network of features, whose"):
        export.run(
            checkpoint=str(feature_run.run.folder),
            settings=["export.kind=feature_vector"],
        )
