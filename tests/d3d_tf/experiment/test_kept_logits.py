"""Logits of a toy's teacher: computed once, right, and nobody else's."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from d3d_tf.config import override
from d3d_tf.data.dataset import open_dataset
from d3d_tf.data.pipeline import training_batches
from d3d_tf.errors import UserError
from d3d_tf.experiment import kept_logits as module
from d3d_tf.experiment.experiment import Experiment
from d3d_tf.experiment.kept_logits import kept_logits
from d3d_tf.sealed import sealed


@pytest.fixture
def dataset(toy, tmp_path):
    folder = tmp_path / "records"
    shutil.copytree(toy.dataset().folder, folder)
    return open_dataset(folder)


@pytest.fixture
def make(toy, dataset):
    """`make(views, *settings)`: an experiment of the toy's run."""

    def go(views, *settings):
        recipe = override(
            toy.recipe, [f"distill.cached_views={views}", *settings]
        )
        return Experiment(recipe, dataset, toy.run)

    return go


def folders(dataset):
    return sorted((dataset.folder / "teacher_logits").iterdir())


def test_they_are_the_teachers_answers_to_the_drawn_clips(make, dataset):
    experiment = make(2)
    found = kept_logits(experiment)
    assert found.drawn and len(found.views) == 2
    assert found.missing(row["id"] for row in dataset.used()) == [
        row["id"] for row in dataset.used() if row["split"] != "train"
    ]
    teacher = experiment.network("teacher")
    data = training_batches(
        dataset,
        "train",
        experiment.recipe.clip,
        batch_size=16,  # All videos: a batch is an epoch.
        streams=("flow", "id"),
        seed=experiment.recipe.seed,
    )
    places = {id_: i for i, id_ in enumerate(found.ids.tolist())}
    for view, (inputs, _) in zip(found.views, data.take(2), strict=True):
        order = [places[id_.decode()] for id_ in inputs["id"].numpy()]
        expected = teacher(inputs["flow"], training=False).numpy()
        np.testing.assert_allclose(view[order], expected, atol=1e-5)
    assert (found.views[0] != found.views[1]).any()


def test_nothing_is_computed_twice(make, monkeypatch):
    first = kept_logits(make(2))
    monkeypatch.setattr(module, "_compute", None)
    again = kept_logits(make(2))
    fewer = kept_logits(make(1))
    for one, other in zip(first.views, again.views, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(fewer.views) == 1


def test_a_killed_one_goes_on(make, dataset, monkeypatch):
    run = module._run

    def killed(experiment, forward, epoch):
        if epoch == 1:
            raise KeyboardInterrupt
        return run(experiment, forward, epoch)

    monkeypatch.setattr(module, "_run", killed)
    with pytest.raises(KeyboardInterrupt):
        kept_logits(make(2))
    (folder,) = folders(dataset)
    assert sorted(path.name for path in folder.iterdir()) == [
        "ids.npy",
        "view-00000.npy",
        "views.json",
    ]
    before = (folder / "view-00000.npy").stat().st_mtime_ns
    monkeypatch.setattr(module, "_run", run)
    assert len(kept_logits(make(2)).views) == 2
    assert (folder / "view-00000.npy").stat().st_mtime_ns == before


def test_other_draws_are_kept_elsewhere(make, dataset):
    for settings in ([], ["seed=1"], ["clip.frames=3"]):
        kept_logits(make(1, *settings))
    assert len(folders(dataset)) == 3


@pytest.mark.parametrize("name", ["ids.npy", "view-00000.npy"])
def test_a_damaged_file_is_named_with_both_digests(make, dataset, name):
    kept_logits(make(1))
    path = folders(dataset)[0] / name
    told = json.loads((path.parent / "views.json").read_text())["files"][name]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(UserError, match=f"{path} is damaged") as caught:
        kept_logits(make(1))
    assert told in str(caught.value) and str(path.parent) in str(caught.value)
    assert len(set(str(caught.value).split("SHA-256 is ")[1][:64])) > 4


def test_those_of_another_teacher_are_refused(make, dataset):
    kept_logits(make(1))
    (folder,) = folders(dataset)
    told = json.loads((folder / "views.json").read_text())
    told["identity"]["teacher"] = "0" * 64
    (folder / "views.json").write_text(sealed(told))
    words = f"of another teacher.* and {folder.name} is wanted"
    with pytest.raises(UserError, match=words):
        kept_logits(make(1))


def test_a_teacher_with_other_weights_is_another(make, dataset, toy, tmp_path):
    kept_logits(make(1))
    run = dataclasses.replace(toy.run, folder=tmp_path / "run")
    shutil.copytree(toy.run.folder, run.folder)
    folder = run.checkpoints("teacher")
    for path in folder.glob("ckpt-*"):  # The baseline's would not fit.
        if path.name.startswith("ckpt-3"):
            path.unlink()
    (folder / "finished.json").write_text(sealed({"steps": 2}))
    experiment = make(1)
    experiment.run = run
    kept_logits(experiment)
    assert len(folders(dataset)) == 2
