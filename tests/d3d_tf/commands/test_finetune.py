"""One small fine-tuning, and what it says, keeps and makes."""

import contextlib
import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands import evaluate, finetune
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment import stages
from d3d_tf.models import make_network
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.runs.origin import Origin
from d3d_tf.training.checkpoints import save_finished
from tests.harness import randomize

SETTINGS = [
    "train.learning_rate=0.000001",
    "network.weight_decay=0.0",
    "finetune.batch_norm=frozen",
]


@pytest.fixture
def start(toy, tmp_path):
    """A run of three other classes, with a student and a baseline."""
    run = Run(tmp_path / "start")
    run.start(toy.recipe, ["a", "b", "c"], Origin(records=None, flow={}))
    for seed, role in enumerate(("student", "baseline")):
        network = make_network(toy.recipe.network, 3, "frames")
        randomize(network, seed)
        save_finished(network, run.checkpoints(role), {})
    return run


@pytest.fixture
def tune(toy, start, tmp_path):
    """`tune(*settings)`: the run, and what the user saw."""

    def go(*settings, **changes):
        given = {
            "data": str(toy.dataset().folder),
            "records_dir": str(tmp_path),
            "run_dir": str(tmp_path / "tuned"),
            "checkpoint": str(start.folder),
        } | changes
        recipe = config.override(toy.recipe, [*SETTINGS, *settings])
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            finetune.run(recipe, **given)
        return Run(Path(given["run_dir"])), shown.getvalue()

    return go


@pytest.mark.large
def test_a_student_goes_on(tune, start, toy, monkeypatch):
    run, shown = tune()
    assert "student starts from the student of" in shown
    assert "its head is replaced (3 classes: a, b, ... there, 8 cla" in shown
    assert "values are trained; batch normalisation by the start's" in shown
    assert "Fine-tuned" in shown and "D3D (student)" not in shown
    assert "no weights were given" not in shown
    # Steps of a millionth: weights are nearly the student's, the statistics
    # exactly, and what was not taken over is the head.
    before = load_checkpoint(start.folder, "student").trunk
    after = load_checkpoint(run.folder)
    assert after.head.logits.filters == 8
    for old, new in zip(before.variables, after.trunk.variables, strict=True):
        np.testing.assert_allclose(new, old, atol=1e-4)
        if "moving" in old.name:
            np.testing.assert_array_equal(new, old)
    results = run.read_results()
    assert {name.split("/")[0] for name in results["metrics"]} == {"student"}
    assert results["metrics"]["student/top1"]["n"] == 8
    (entry,) = results["weights"]["init"]
    assert entry["run"] == str(start.folder)
    assert entry["networks"]["student"]["from"] == "student"
    assert "Fine-tuned" in run.report_path.read_text()
    module = json.loads((run.export_path / "1" / "module.json").read_text())
    assert module["network"] == config.to_dict(run.recipe().network)
    # Nothing is done twice, by this mode or by another.
    monkeypatch.setattr(stages, "train", None)
    monkeypatch.setattr(stages, "score_split", None)
    _, again = tune()
    assert again.splitlines()[-3:] == shown.splitlines()[-3:]
    with contextlib.redirect_stdout(io.StringIO()) as seen:
        evaluate.run(checkpoint=[str(run.folder)])
    assert "Fine-tuned" in seen.getvalue()
    with pytest.raises(UsageError, match="no effect with --mode=distill"):
        dataclasses.replace(toy, recipe=run.recipe()).again(run=run)


@pytest.mark.large
def test_the_baseline_of_the_same_run(tune, start):
    run, shown = tune("finetune.start=baseline", "train.steps=1")
    assert "student starts from the baseline of" in shown
    wanted = load_checkpoint(start.folder, "baseline").trunk
    for old, new in zip(
        wanted.variables,
        load_checkpoint(run.folder).trunk.variables,
        strict=True,
    ):
        np.testing.assert_allclose(new, old, atol=1e-4)
    with pytest.raises(UsageError, match="finetune.start is 'baseline' there"):
        tune("train.steps=1")


def test_a_run_without_the_network_that_was_asked_for(tune, start):
    (start.checkpoints("baseline") / "finished.json").unlink()
    with pytest.raises(UsageError, match="only its baseline was asked for"):
        tune("finetune.start=baseline")


def test_an_older_run_of_another_mode_is_not_gone_on_with(tune, copied_run):
    with pytest.raises(UserError, match="was not started by --mode=finetune"):
        tune(
            *["train.learning_rate=0.002", "network.weight_decay=0.0001"],
            "finetune.batch_norm=train",
            run_dir=str(copied_run.folder),
        )
