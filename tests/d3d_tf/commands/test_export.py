"""A run's student as a module, without records and without training."""

import json

import pytest

from d3d_tf.commands import export
from d3d_tf.errors import UsageError, UserError
from d3d_tf.sealed import sealed
from tests.d3d_tf.commands.conftest import spoil


def test_export_again_is_the_same_version(toy, capsys):
    export.run(checkpoint=str(toy.run.folder))
    assert capsys.readouterr().out == f"module: {toy.run.export_path / '1'}\n"


def test_export_of_another_kind(toy, copied_run, capsys, only_scores):
    """Next to the classifier, in a folder of its own; weights are the run's."""
    export.run(
        checkpoint=str(copied_run.folder),
        settings=["export.kind=feature_vector"],
    )
    path = copied_run.export_path / "feature_vector" / "1"
    assert str(path) in capsys.readouterr().out
    told = json.loads((path / "module.json").read_text())
    assert told["kind"] == "feature_vector"
    assert told["recipe_hash"] == copied_run.read_results()["recipe_hash"]
    with pytest.raises(UsageError, match="takes export.kind, export.endpoint"):
        export.run(checkpoint=str(toy.run.folder), settings=["clip.size=8"])


@pytest.mark.parametrize("records", ["gone", None], ids=["gone", "a module"])
def test_export_needs_no_records(copied_run, records, capsys, only_scores):
    """They were deleted, or the run was made of a module and never had any."""
    origin = json.loads((copied_run.folder / "origin.json").read_text())
    text = sealed(origin | {"records": records})
    (copied_run.folder / "origin.json").write_text(text)
    export.run(
        checkpoint=str(copied_run.folder),
        settings=["export.kind=feature_vector"],
    )
    path = copied_run.export_path / "feature_vector" / "1"
    assert capsys.readouterr().out == f"module: {path}\n"
    assert (path / "saved_model.pb").exists()


def test_no_older_network_is_exported(copied_run):
    """It is not the one that was trained to the end."""
    folder = copied_run.checkpoints("student")
    spoil(folder / "ckpt-3.data-00000-of-00001")
    with pytest.raises(UserError) as error:
        export.run(checkpoint=str(copied_run.folder))
    assert str(error.value) == (
        f"{folder}/ckpt-3.data-00000-of-00001 is damaged. Start the command "
        f"that made {copied_run.folder} again: it trains on from an older "
        "checkpoint, if one is whole."
    )
    assert (folder / "finished.json").exists()
