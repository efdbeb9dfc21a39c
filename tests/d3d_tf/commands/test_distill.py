"""The main job from nothing to a report, twice, and what stops it."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import config
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment import stages
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint

ROWS = (
    "Flow (teacher)",
    "RGB (baseline)",
    "Two-stream",
    "D3D (student)",
    "D3D + RGB",
)


def test_the_run_folder(toy):
    """The contract, section 2."""
    folder = toy.run.folder
    assert {path.name for path in folder.iterdir()} >= {
        "recipe.yaml",
        "results.json",
        "report.html",
        "checkpoints",
        "tensorboard",
        "log.txt",
        "export",
    }
    networks = {"teacher", "baseline", "student"}
    for part in ("checkpoints", "tensorboard"):
        assert {path.name for path in (folder / part).iterdir()} == networks
    assert config.load(folder / "recipe.yaml") == toy.recipe
    assert len((folder / "label_map.txt").read_text().splitlines()) == 8


def test_what_the_user_sees(toy):
    """Records, the rows in their order, then the two paths."""
    prepared, *lines = toy.shown.splitlines()
    assert prepared.startswith(
        "prepared 32 videos (0 more quarantined), 160 frames"
    )
    assert lines[0].startswith("records: ") and "16 train" in lines[0]
    assert "top-1 shuffled_colours" in lines[1]
    assert [line[:16].strip() for line in lines[2:7]] == list(ROWS)
    assert lines[7:] == [
        f"module: {toy.run.folder / 'export' / '1'}",
        f"report: {toy.run.folder / 'report.html'}",
    ]
    log = (toy.run.folder / "log.txt").read_text()
    for line in lines:  # The run began when the records were there.
        assert line in log


def test_everything_is_kept_the_second_time(toy, monkeypatch):
    """Nothing is trained, scored or exported again; the rows are the same."""
    for name in ("train", "score_split", "milliseconds_per_video"):
        monkeypatch.setattr(stages, name, None)
    before = toy.run.read_results()
    assert toy.again().splitlines() == toy.shown.splitlines()[1:]
    after = toy.run.read_results()
    assert after["metrics"] == before["metrics"]
    assert after["wall_seconds"] > before["wall_seconds"]
    assert sorted(os.listdir(toy.run.export_path)) == [
        "1",
        "module-1.tar.gz",
        "serving",
    ]


@pytest.mark.large
def test_a_damaged_end_is_trained_again(toy, copied_run):
    """From the checkpoint of step 2 of 3, to the same bits; then scored."""
    folder = copied_run.checkpoints("baseline")
    data = folder / "ckpt-3.data-00000-of-00001"
    whole = data.read_bytes()
    data.write_bytes(whole[:-1])
    shown = toy.again(run=copied_run)
    assert (
        f"warning: {data} is damaged: what is left of ckpt-3 is set aside as "
        "damaged-ckpt-3.*, training goes on from ckpt-2.\n"
    ) in shown
    assert data.exists() and (folder / f"damaged-{data.name}").exists()
    for ours, theirs in zip(
        load_checkpoint(copied_run.folder, "baseline").get_weights(),
        load_checkpoint(toy.run.folder, "baseline").get_weights(),
        strict=True,
    ):
        # Two replicas: a checkpoint holds the mean of their averages, which
        # is rounded once more.
        np.testing.assert_allclose(ours, theirs, rtol=2**-22, atol=1e-7)
    assert json.loads((folder / "finished.json").read_text())["steps"] == 3
    assert "warning" not in toy.again(run=copied_run)


@pytest.mark.large
def test_a_teacher_from_another_run(toy, tmp_path, monkeypatch):
    """Only the student is trained; rows of the others are the donor's."""
    trained = []
    train_as_ever = stages.train

    def spy(make_trainer, strategy, training):
        trained.append(training.title)
        return train_as_ever(make_trainer, strategy, training)

    monkeypatch.setattr(stages, "train", spy)
    run = Run(tmp_path / "run")
    toy.again(run=run, teacher=str(toy.run.folder))
    assert trained == ["training D3D (student)"]
    assert run.origin()["teacher"] == str(toy.run.folder)
    # The donor's scores are kept, and its baseline is what the report compares.
    names = [
        {path.name for path in (r.folder / "scores").iterdir()}
        for r in (run, toy.run)
    ]
    assert names[0] == names[1]
    assert "Student minus baseline" in run.report_path.read_text()
    ours, theirs = (r.read_results()["metrics"] for r in (run, toy.run))
    for name in theirs:
        # The same seed, data and teacher make the same student.
        if not name.endswith("ms_per_video"):
            assert ours[name] == theirs[name], name


def test_another_recipe_needs_another_folder(toy):
    other = config.override(toy.recipe, ["train.learning_rate=0.5"])
    with pytest.raises(UsageError, match="train.learning_rate is 0.002 there"):
        dataclasses.replace(toy, recipe=other).again()


def assert_refused_with_both_shown(caught, dataset, run):
    """One line for what differs, and none for what does not."""
    ours = run.origin()["flow"]["library"]
    text = str(caught.value)
    assert (
        f"library: {ours!r} in {run.folder}, 'solver X' in {dataset.folder}"
        in text
    )
    assert "--allow_flow_mismatch" in text
    assert "warps" not in text and "short_side" not in text


def test_a_run_does_not_go_on_with_another_flow(toy, copied_run, other_flow):
    dataset = other_flow("solver X")
    before = (copied_run.folder / "origin.json").read_bytes()
    with pytest.raises(UserError) as caught:
        toy.again(run=copied_run, data=str(dataset.folder))
    assert_refused_with_both_shown(caught, dataset, copied_run)
    assert (copied_run.folder / "origin.json").read_bytes() == before


def test_another_flow_that_is_accepted_is_written_down(
    toy, copied_run, other_flow
):
    """In results.json and origin.json, with both identities.

    The networks still know the first one only: without the flag the same
    command is refused again.
    """
    dataset = other_flow("solver X")
    data = str(dataset.folder)
    toy.again(run=copied_run, data=data, allow_flow_mismatch=True)
    both = {
        str(copied_run.folder): toy.dataset().flow,
        str(dataset.folder): dataset.flow,
    }
    assert copied_run.read_results()["flow_mismatch"] == both
    assert copied_run.origin()["flow_mismatch"] == both
    assert copied_run.read_results()["flow"] == dataset.flow
    with pytest.raises(UserError, match="'solver X'"):
        toy.again(run=copied_run, data=data)


def test_a_teacher_of_another_flow_is_refused(toy, tmp_path, other_flow):
    dataset = other_flow("solver X")
    run = Run(tmp_path / "run")
    with pytest.raises(UserError) as caught:
        toy.again(
            run=run, teacher=str(toy.run.folder), data=str(dataset.folder)
        )
    assert_refused_with_both_shown(caught, dataset, toy.run)
    assert not run.folder.exists()


@pytest.mark.large
def test_a_teacher_of_another_flow_that_is_accepted(toy, tmp_path, other_flow):
    """It is told in the results and in the module that its student becomes."""
    dataset = other_flow("solver X")
    run = Run(tmp_path / "run")
    toy.again(
        run=run,
        teacher=str(toy.run.folder),
        data=str(dataset.folder),
        allow_flow_mismatch=True,
    )
    both = {
        str(toy.run.folder): toy.dataset().flow,
        str(dataset.folder): dataset.flow,
    }
    assert run.read_results()["flow_mismatch"] == both
    module = json.loads((run.export_path / "1" / "module.json").read_text())
    assert module["flow_mismatch"] == both
    assert module["flow"] == dataset.flow


# ---------------------------------------------------------- real processes

STEPS = 30
COMMAND = [
    sys.executable,
    "-m",
    "d3d_tf.main",
    "--mode=distill",
    "--run_dir=run",
    "--set=toy.size=24",
    "--set=toy.num_frames=5",
    "--set=toy.train_videos=16",
    "--set=toy.test_videos=8",
    "--set=data.short_side=24",
    "--set=clip.frames=4",
    "--set=clip.size=16",
    "--set=network.depth_multiplier=0.02",
    "--set=network.min_depth=2",
    "--set=flow.warps=1",
    f"--set=train.steps={STEPS}",
    "--set=train.batch_size=4",
    "--set=train.checkpoint_every=5",
]


def start_and_stop(folder, network, number):
    """Starts the command and sends a signal after a network's 5th step.

    Returns the exit code and what was shown.
    """
    with open(folder / "shown.txt", "w") as shown:
        process = subprocess.Popen(
            COMMAND, cwd=folder, stdout=shown, stderr=subprocess.STDOUT
        )
        checkpoints = folder / "run" / "checkpoints" / network
        while process.poll() is None and number is not None:
            # Written last: what names the newest.
            if (checkpoints / "checkpoint").exists():
                process.send_signal(number)
                break
            time.sleep(0.05)
        code = process.wait(600)
    return code, (folder / "shown.txt").read_text()


def last_step(folder, network):
    path = folder / "run" / "checkpoints" / network
    return int(tf.train.latest_checkpoint(str(path)).split("-")[-1])


@pytest.mark.large
def test_stopped_killed_and_finished_with_s3dg(tmp_path):
    """SIGTERM in the teacher's training, SIGKILL in the baseline's.

    Each start goes on from the last saved step; the third ends with all rows.
    """
    code, shown = start_and_stop(tmp_path, "teacher", signal.SIGTERM)
    assert code == 143, shown
    assert re.search(r"error: Stopped by SIGTERM; saved in .*teacher", shown)
    step = last_step(tmp_path, "teacher")
    assert 5 <= step < STEPS

    code, shown = start_and_stop(tmp_path, "baseline", signal.SIGKILL)
    assert code == -signal.SIGKILL, shown
    bar = re.search(r"training Flow \(teacher\):.*?(\d+)/30", shown)
    assert int(bar[1]) == step
    assert last_step(tmp_path, "teacher") == STEPS
    step = last_step(tmp_path, "baseline")
    assert 5 <= step < STEPS

    code, shown = start_and_stop(tmp_path, "student", None)
    assert code == 0, shown
    assert "training Flow (teacher)" not in shown
    bar = re.search(r"training RGB \(baseline\):.*?(\d+)/30", shown)
    assert int(bar[1]) == step
    for row in ROWS:
        assert f"\n{row}" in shown
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    for role in ("teacher", "baseline", "two_stream", "student", "ensemble"):
        assert 0 <= results["metrics"][f"{role}/top1"]["value"] <= 1
    assert (tmp_path / "run" / "export" / "1" / "saved_model.pb").exists()
    assert (tmp_path / "run" / "report.html").exists()
