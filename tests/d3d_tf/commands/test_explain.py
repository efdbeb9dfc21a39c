"""The flags of `--mode=explain`."""

import pytest

from d3d_tf.commands import explain
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin


@pytest.fixture
def asked(monkeypatch):
    """What the job is given."""
    calls = []
    job = "d3d_tf.explain.job.explain_video"
    monkeypatch.setattr(job, lambda *given: calls.append(given))
    return calls


def test_runs_and_settings_are_passed_on(toy, copied_run, asked):
    folders = [str(toy.run.folder), str(copied_run.folder)]
    settings = ["explain.top=1", "explain.endpoint=2a"]
    explain.run(
        data="v.mp4", checkpoint=folders, settings=settings, out="folder"
    )
    ((runs, recipe, path, out),) = asked
    assert [str(run.folder) for run in runs] == folders
    assert (recipe.top, recipe.endpoint) == (1, "2a")
    assert (path, out) == ("v.mp4", "folder")


def test_without_a_checkpoint_it_is_run_dir(toy, asked):
    explain.run(data="v.mp4", run_dir=str(toy.run.folder))
    ((runs, *_),) = asked
    assert [run.folder for run in runs] == [toy.run.folder]


def test_what_is_refused(toy, tmp_path, asked):
    run = str(toy.run.folder)
    with pytest.raises(UsageError, match="needs --data=VIDEO"):
        explain.run(checkpoint=[run])
    words = "cannot change clip.size .*--set takes explain.method, "
    with pytest.raises(UsageError, match=words):
        explain.run(data="v", checkpoint=[run], settings=["clip.size=8"])
    detector = Run(tmp_path / "detector")
    recipe = RECIPES["toy_ava"]
    detector.start(recipe, ["a"], Origin(records=tmp_path, flow={}))
    with pytest.raises(UsageError, match="does not know detectors"):
        explain.run(data="v", checkpoint=[str(detector.folder)])
    assert not asked
