"""Students that see fewer frames, by the command line: all ways to teach."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf
from absl.testing import flagsaver

from d3d_tf import main
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from tests.harness.yt8m import write_features

COMMON = (
    "task=youtube8m",
    "steps=4",
    "batch_size=4",
    "optimizer=adam",
    "learning_rate=0.01",
    "checkpoint_every=2",
)
STUDENT = ("fewer_frames.way=uniform", "fewer_frames.k=15")
HRNN = ("model=hrnn", "network.cells=4", "network.chunk_frames=15")
NEXTVLAD = ("groups=2", "clusters=2", "expansion=1", "hidden=4", "reduction=2")
NEXTVLAD = tuple(f"network.{setting}" for setting in NEXTVLAD)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder of files, and one for what is known of them."""
    root = tmp_path_factory.mktemp("features")
    counts = {"train0000.tfrecord": 12, "validate0000.tfrecord": 4}
    return write_features(root / "yt", counts, 5), root / "records"


@pytest.fixture
def call(data, tmp_path, capfd):
    """`call(mode, settings, *flags, run=NAME)`: the run and what was shown."""

    def go(mode, settings=(), *flags, run="run", code=0):
        args = [f"--mode={mode}", *flags]
        if mode != "evaluate":
            folder = tmp_path / run
            args += ["--recipe=own_videos", f"--data={data[0]}"]
            args += [f"--records_dir={data[1]}", f"--run_dir={folder}"]
            args += [f"--set={s}" for s in (*COMMON, *settings)]
        with flagsaver.flagsaver():
            found = main.main(main.parse(["main", *args]))
        out, err = capfd.readouterr()
        assert found == code, err
        return Run(tmp_path / run), out if code == 0 else err

    return go


def curves(run, role):
    """The rows of a training's history."""
    path = run.checkpoints(role) / "history.csv"
    table = csv.DictReader(path.read_text().splitlines())
    return [{k: float(v) for k, v in r.items() if v != "NA"} for r in table]


def rows(run):
    return {name.split("/")[0] for name in run.read_results()["metrics"]}


@pytest.mark.large
def test_a_mixture(call):
    """Its branches learn, too, with the recipe's weight of their divergence."""
    setting = "distill.mixture_weight=2.0"
    settings = ("model=nextvlad_mixture", *NEXTVLAD, setting)
    run, _ = call("train", settings)
    first, _ = curves(run, "teacher")
    parts = [first[name] for name in ("classification_loss", "branch_losses")]
    total = sum(parts) + 2 * first["branch_divergence"]
    assert first["loss"] == pytest.approx(total, rel=1e-4)
    before = run.read_results()["metrics"]["teacher/gap"]
    call("evaluate", (), f"--checkpoint={run.folder}")
    assert run.read_results()["metrics"]["teacher/gap"] == before


@pytest.mark.large
def test_both_at_once(call):
    """The table's teacher is the one that was trained beside the student."""
    terms = "distill.terms=[{where: state, loss: squares}]"
    settings = (*HRNN, *STUDENT, "distill.parallel=true", terms)
    run, shown = call("distill", settings)
    assert rows(run) >= {"teacher", "baseline", "student"}
    assert "teacher_loss" in curves(run, "student")[0]
    # Both checkpoints hold one teacher, which has learned.
    kept = tf.train.load_checkpoint(str(run.checkpoints("student") / "ckpt-4"))
    name = "head/experts/kernel/.ATTRIBUTES/VARIABLE_VALUE"
    teacher = load_checkpoint(run.folder, "teacher")
    np.testing.assert_array_equal(
        teacher.head.experts.kernel, kept.get_tensor(f"teacher/{name}")
    )
    student = load_checkpoint(run.folder, "student")
    assert (
        (student.head.experts.kernel != teacher.head.experts.kernel)
        .numpy()
        .any()
    )
    assert (
        kept.get_tensor(
            "teacher_optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE"
        )
        == 4
    )
    told = [
        run.checkpoints(role) / "finished.json"
        for role in ("teacher", "student")
    ]
    assert [json.loads(path.read_text())["steps"] for path in told] == [4, 4]
    # Nothing is trained twice; a lost teacher is still in the student's.
    times = [path.stat().st_mtime_ns for path in told]
    _, again = call("distill", settings)
    assert again.splitlines()[-4:] == shown.splitlines()[-4:]
    assert [path.stat().st_mtime_ns for path in told] == times
    before = run.read_results()["metrics"]["teacher/gap"]
    for path in run.checkpoints("teacher").glob("*"):
        path.unlink()
    call("distill", settings)
    assert run.read_results()["metrics"]["teacher/gap"] == before
    assert len(curves(run, "student")) == 2


@pytest.mark.large
def test_three_students_beside_three_teachers(call):
    """The ensembles of paper 002, at the same time."""
    terms = (
        "distill.terms=[{where: branches, loss: soft_targets, weight: 9.0},"
        "{where: vlad, loss: squares, weight: 0.001}]"
    )
    settings = ("model=nextvlad_mixture", *NEXTVLAD, *STUDENT, terms)
    run, _ = call("distill", (*settings, "distill.parallel=true"))
    assert rows(run) >= {"teacher", "baseline", "student"}
    first = curves(run, "student")[0]
    assert first.keys() >= {
        "student_loss",
        "branch_losses",
        "branch_divergence",
        "distillation_loss_branches",
        "distillation_loss_vlad",
        "teacher_branch_losses",
    }
    assert first["distillation_loss_branches"] > 0


@pytest.mark.large
def test_encodings_alone_and_then_labels(call):
    """L_rep with the teacher's other layers; then the stage of fine-tuning."""
    settings = (
        *("model=nextvlad", *NEXTVLAD, *STUDENT, "network.weight_decay=0.0"),
        *("distill.label_weight=0.0", "distill.copy_head=true"),
        "distill.terms=[{where: vlad, loss: squares}]",
    )
    run, _ = call("distill", settings)
    teacher, student = (
        load_checkpoint(run.folder, role) for role in ("teacher", "student")
    )
    for own, theirs in (
        (student.head, teacher.head),
        (student.trunk.units[1].dense, teacher.trunk.units[1].dense),
    ):
        for one, other in zip(
            own.get_weights(), theirs.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    # The name of the network is enough: sizes and frames are the student's.
    start = ("model=nextvlad", "network.weight_decay=0.0")
    tuned, shown = call(
        "finetune", start, f"--checkpoint={run.folder}", run="tuned"
    )
    assert "student starts from the student of" in shown
    assert "its head is" not in shown and "Fine-tuned" in shown
    assert tuned.recipe().fewer_frames.k == 15
    assert tuned.recipe().network == run.recipe().network
    assert rows(tuned) == {"student"}
    after = load_checkpoint(tuned.folder, "student")
    moved = [
        np.abs(one - other).max()
        for one, other in zip(
            after.get_weights(), student.get_weights(), strict=True
        )
    ]
    # Four steps of Adam: by 0.01 at most, and those of labels move the head.
    assert 0 < max(moved[-2:]) <= 0.05
    # --mode=train takes the same start, for the baseline. Of the same first
    # batch the loss is smaller with more in its logarithms.
    losses = []
    for epsilon in (0.1, 0.001):
        setting = f"train.log_epsilon={epsilon}"
        further, shown = call(
            "train",
            (*settings[:-3], "steps=1", setting),
            f"--init={run.folder}",
            run=f"further{epsilon}",
        )
        assert "baseline starts from the student of" in shown
        losses += [row["youtube8m_loss"] for row in curves(further, "baseline")]
    assert losses[0] < losses[1]


@pytest.mark.parametrize(
    "mode, settings, flags, words",
    [
        ("train", (), (), "distill.parallel=true trains the teacher beside"),
        ("distill", (), ("--teacher=x",), "--teacher=x names one that is tr"),
        ("distill", ("distill.copy_head=true",), (), "false with distill.copy"),
    ],
)
def test_what_parallel_is_not_for(call, mode, settings, flags, words, tmp_path):
    settings = (*HRNN, "distill.parallel=true", *settings)
    if flags:
        flags = (f"--teacher={tmp_path / 'teacher.npz'}",)
        words = "names one that is trained: leave one of them away"
    _, shown = call(mode, settings, *flags, code=2)
    assert words in shown
