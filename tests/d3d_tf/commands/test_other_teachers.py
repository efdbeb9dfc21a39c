"""Students of a file of logits, and of logits that are kept."""

import csv
import dataclasses
import json
import shutil

import numpy as np
import pytest

from d3d_tf.commands import distill
from d3d_tf.config import override
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment import stages
from d3d_tf.experiment.start import start_training
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import ROLES
from d3d_tf.runs.folder import Run

ROWS = ("baseline", "student", "ensemble")


def train_ids(toy):
    return [r["id"] for r in toy.dataset().used() if r["split"] == "train"]


@pytest.fixture
def logits(toy, tmp_path):
    """`logits(count)`: a file about as many training videos."""

    def write(count, name="teacher.npz"):
        ids = train_ids(toy)[:count]
        values = np.random.default_rng(0).normal(size=[len(ids), 8])
        names = toy.dataset().classes[::-1]
        path = tmp_path / name
        np.savez(path, ids=ids, logits=values, classes=names)
        return path

    return write


def start(toy, run, path):
    return start_training(
        toy.recipe, toy.dataset(), run, rows=ROWS, logits_file=path
    )


def test_classes_are_matched_by_name(toy, tmp_path, logits):
    run = Run(tmp_path / "run")
    path = logits(16)
    experiment = start(toy, run, path)
    (view,) = experiment.teacher_logits.views
    with np.load(path) as file:
        place = file["ids"].tolist().index(experiment.teacher_logits.ids[0])
        np.testing.assert_allclose(
            view[0], file["logits"][place, ::-1], rtol=1e-6
        )
    assert run.origin()["teacher"] == str(path)
    assert len(run.weights()["logits"]) == 64


def test_missing_videos_are_counted(toy, tmp_path, logits, capsys):
    start(toy, Run(tmp_path / "run"), logits(13))
    shown = capsys.readouterr().out
    assert "has no logits of 3 of 16 training videos, such as" in shown
    assert train_ids(toy)[13] in shown


def test_a_file_about_other_videos(toy, tmp_path):
    path = tmp_path / "others.npz"
    np.savez(path, ids=["x.avi"], logits=np.zeros([1, 8]))
    with pytest.raises(UserError, match="none of the 16 .*such as x.avi"):
        start(toy, Run(tmp_path / "run"), path)


def test_another_file_is_another_teacher(toy, tmp_path, logits):
    run = Run(tmp_path / "run")
    start(toy, run, logits(16))
    run.checkpoints("student").mkdir(parents=True)
    start(toy, run, logits(16))
    np.savez(
        tmp_path / "teacher.npz", ids=train_ids(toy), logits=np.ones([16, 8])
    )
    with pytest.raises(UsageError, match="now it is another file"):
        start(toy, run, tmp_path / "teacher.npz")


@pytest.mark.parametrize(
    "setting",
    [
        "distill.cached_views=2",
        "distill.flow_weight=1",
        "distill.terms=[{where: MaxPool_2a_3x3}]",
    ],
)
def test_logits_are_all_that_there_is_of_a_file(toy, tmp_path, logits, setting):
    other = override(toy.recipe, [setting])
    with pytest.raises(UsageError, match="gives logits and nothing else"):
        dataclasses.replace(toy, recipe=other).again(
            run=Run(tmp_path / "run"), teacher=str(logits(16))
        )
    assert not (tmp_path / "run" / "recipe.yaml").exists()


def test_features_are_taught_by_a_run(tmp_path):
    """Their files have no manifest whose ids logits could be matched with."""
    with pytest.raises(UsageError, match="learns from another run, --teacher="):
        distill.run(
            RECIPES["toy_features"],
            run_dir=str(tmp_path / "run"),
            teacher=str(tmp_path / "logits.npz"),
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.large
def test_distilled_from_a_file(toy, tmp_path, logits):
    """Without a teacher, its rows, and flow; and once more, from the run."""
    run = Run(tmp_path / "run")
    path = str(logits(16))
    shown = toy.again(run=run, teacher=path)
    metrics = run.read_results()["metrics"]
    assert {name.partition("/")[0] for name in metrics} == set(ROWS)
    assert ROLES["teacher"].title not in shown
    history = list(
        csv.DictReader((run.checkpoints("student") / "history.csv").open())
    )
    assert float(history[-1]["distillation_loss"]) > 0
    assert (run.export_path / "1" / "saved_model.pb").exists()
    told = json.loads((run.export_path / "1" / "module.json").read_text())
    assert told["weights"]["logits"] == run.weights()["logits"]
    assert (
        toy.again(run=run, teacher=path).splitlines()[-4:]
        == (shown.splitlines()[-4:])
    )


@pytest.mark.large
def test_distilled_from_kept_logits(toy, tmp_path, monkeypatch):
    """The same files, one more setting; the student sees no flow."""
    seen = {}
    train = stages.train

    def spy(make_trainer, strategy, training):
        seen[training.checkpoints.name] = training
        return train(make_trainer, strategy, training)

    monkeypatch.setattr(stages, "train", spy)
    kept = dataclasses.replace(
        toy,
        recipe=override(toy.recipe, ["distill.cached_views=2"]),
        run=Run(tmp_path / "run"),
    )
    records = tmp_path / "copy"
    shutil.copytree(toy.dataset().folder, records)
    kept.again(teacher=str(toy.run.folder), data=str(records))
    assert list(seen) == ["student"]
    assert seen["student"].streams == ("frames",)
    assert len(seen["student"].teacher_logits.views) == 2
    (folder,) = (records / "teacher_logits").iterdir()
    assert len(list(folder.glob("view-*.npy"))) == 2
