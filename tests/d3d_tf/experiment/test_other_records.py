"""A run's own records, and others."""

import dataclasses

import pytest

from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.other_records import (
    records_for,
    run_on,
    warn_of_other_pictures,
)
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin


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
