"""A run's own records, and others."""

import dataclasses

import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.data.feature_sets import adopt_features
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.other_records import (
    records_for,
    run_on,
    warn_of_other_pictures,
)
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.sealed import sealed
from tests.harness.yt8m import feature_record


def test_its_own(toy):
    dataset = records_for(toy.run, None)
    assert dataset.folder == toy.dataset().folder
    assert run_on(toy.run, dataset) == toy.run


def test_others_have_a_place_of_their_own(toy):
    info = toy.dataset().info | {"digest": "feedbeef01234567", "name": "other"}
    other = dataclasses.replace(toy.dataset(), info=info)
    assert run_on(toy.run, other).aside == "other-feedbeef"
    assert run_on(toy.run, other, "views").aside == "other-feedbeef-views"
    assert run_on(toy.run, toy.dataset(), "views").aside == "views"


def test_none_are_known(toy, tmp_path):
    run = Run(tmp_path / "run")
    run.start(toy.recipe, toy.dataset().classes, Origin(records=None, flow={}))
    with pytest.raises(UsageError, match="name some with --data=RECORDS"):
        records_for(run, None)
    # The first that it meets become its own.
    assert run_on(run, toy.dataset()) == run


def test_other_classes(toy, tmp_path):
    run = Run(tmp_path / "run")
    run.start(toy.recipe, ["a", "b"], Origin(records=None, flow={}))
    with pytest.raises(UserError, match="knows 2 classes, .* has 8"):
        records_for(run, str(toy.dataset().folder))


def test_features_of_another_width(tmp_path):
    """1024 and 128 are known; others have the same classes and 8 features."""
    folder = tmp_path / "features"
    folder.mkdir()
    (folder / "label_map.txt").write_text("x\ny\n")
    with tf.io.TFRecordWriter(str(folder / "train0000.tfrecord")) as file:
        file.write(feature_record())
    dataset = adopt_features(folder, tmp_path / "records")
    recipe = config.override(OWN_VIDEOS, ["task=youtube8m", "model=hrnn"])
    run = Run(tmp_path / "run")
    run.start(recipe, ["x", "y"], Origin(records=None, flow={}))
    assert records_for(run, str(dataset.folder)) == dataset
    narrow = dataset.info["features"] | {"widths": {"rgb": 8, "audio": 0}}
    other = tmp_path / "other"
    other.mkdir()
    (other / "dataset.json").write_text(
        sealed(dataset.info | {"features": narrow})
    )
    with pytest.raises(UserError, match="'rgb': 1024.*has features, {'rgb': 8"):
        records_for(run, str(other))


def test_another_rate(toy, capsys):
    warn_of_other_pictures(toy.run, toy.dataset())
    assert capsys.readouterr().out == ""
    recipe = toy.dataset().info["recipe"]
    data = recipe["data"] | {"frame_rate": 12.5}
    info = toy.dataset().info | {"recipe": recipe | {"data": data}}
    warn_of_other_pictures(
        toy.run, dataclasses.replace(toy.dataset(), info=info)
    )
    assert "25 frames per second, these records have 12.5." in (
        capsys.readouterr().out
    )
