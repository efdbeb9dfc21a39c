"""What is checked and written before the first step."""

import dataclasses

import pytest

from d3d_tf import config
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.start import require_finished_teacher, start_training
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin


def test_a_run_begins(toy, tmp_path, capsys):
    run = Run(tmp_path / "run")
    experiment = start_training(
        toy.recipe, toy.dataset(), run, rows=("baseline",)
    )
    assert run.recipe() == toy.recipe
    assert run.origin()["dataset"] == toy.dataset().info["digest"]
    assert not experiment.is_finished("baseline")
    out = capsys.readouterr().out
    assert "16 train" in out and "warning" not in out
    assert out in (run.folder / "log.txt").read_text()


def test_nothing_is_held_out(toy, tmp_path, capsys):
    info = toy.dataset().info | {"splits": {"train": 16}}
    dataset = dataclasses.replace(toy.dataset(), info=info)
    start_training(
        toy.recipe, dataset, Run(tmp_path / "run"), rows=("baseline",)
    )
    assert "warning: no video was held out" in capsys.readouterr().out


def test_a_share_is_held_out_of_the_training(toy, tmp_path, capsys):
    """Half of the shards; of one shard none can be."""
    dataset, run = toy.dataset(), Run(tmp_path / "run")
    recipe = config.override(toy.recipe, ["train.held_out=0.5"])
    shards = dataset.shards("train")
    assert len(shards) == 2
    experiment = start_training(recipe, dataset, run, rows=("baseline",))
    (kept,) = experiment.dataset.shards("train").values()
    text = f"{kept} train, {16 - kept} held out of the training; 8 classes"
    assert text in capsys.readouterr().out
    name = next(iter(dataset.info["shards"]))
    few = {"shards": {name: 16}}
    dataset = dataclasses.replace(dataset, info=dataset.info | few)
    other = Run(tmp_path / "other")
    with pytest.raises(UserError, match="one shard, of which train.held_out"):
        start_training(recipe, dataset, other, rows=("baseline",))
    assert not other.exists()


def test_a_teacher_of_other_classes(toy, tmp_path):
    teacher = Run(tmp_path / "teacher")
    classes = toy.dataset().classes[::-1]
    teacher.start(
        toy.recipe, classes, Origin(records=None, flow=toy.dataset().flow)
    )
    with pytest.raises(UserError, match="logit 0 is .* the same order"):
        start_training(
            toy.recipe,
            toy.dataset(),
            Run(tmp_path / "run"),
            rows=("student",),
            teacher=teacher,
        )
    assert not (tmp_path / "run").exists()


def test_an_rgb_teacher_of_other_pixels(toy, tmp_path):
    teacher = Run(tmp_path / "teacher")
    other = config.override(toy.recipe, ["pixel_mean=[0.4, 0.4, 0.4]"])
    dataset = toy.dataset()
    teacher.start(
        other, dataset.classes, Origin(records=None, flow=dataset.flow)
    )
    arguments = {"rows": ("student",), "teacher": teacher}
    control = config.override(toy.recipe, ["teacher_stream=rgb"])
    with pytest.raises(UserError, match=r"mean \(0.4, .* \(0.5, .* equal"):
        start_training(control, dataset, Run(tmp_path / "run"), **arguments)
    # A teacher of flow sees no pixels.
    start_training(toy.recipe, dataset, Run(tmp_path / "run"), **arguments)


def test_a_network_that_cannot_look_at_flow(toy, tmp_path, capsys):
    """Before it is asked what it starts from."""
    settings = ["network.flow_endpoint=Conv2d_1a_7x7", "train.stream=flow"]
    recipe = config.override(toy.recipe, ["model=s3dg_learned_flow", *settings])
    dataset, run = toy.dataset(), Run(tmp_path / "run")
    with pytest.raises(UsageError, match="cannot look at flow.*teacher.model="):
        start_training(recipe, dataset, run, rows=("teacher",), init=[toy.run])
    assert not run.exists()
    other = config.override(recipe, ["teacher.model=s3dg"])
    start_training(other, dataset, run, rows=("teacher", "student"))


def test_a_teacher_that_is_not_trained(toy, tmp_path, capsys):
    teacher = Run(tmp_path / "teacher")
    dataset = toy.dataset()
    teacher.start(
        toy.recipe, dataset.classes, Origin(records=None, flow=dataset.flow)
    )
    experiment = start_training(
        toy.recipe,
        dataset,
        Run(tmp_path / "run"),
        rows=("student",),
        teacher=teacher,
    )
    with pytest.raises(UserError, match="has no finished teacher"):
        require_finished_teacher(experiment)
