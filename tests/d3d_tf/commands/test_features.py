"""Networks of features through the modes: trained, distilled, evaluated."""

import contextlib
import csv
import io
import json
import os

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands import distill, evaluate, train
from d3d_tf.data.feature_sets import adopt_features, files_of
from d3d_tf.data.youtube8m import feature_batches
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.tasks.youtube8m.ranked_labels import RankedLabels
from tests.harness.yt8m import write_features

CLASSES = 5
COUNTS = {
    "train0000.tfrecord": 12,
    "train0001.tfrecord": 8,
    "validate0000.tfrecord": 6,
}
COMMON = (
    "task=youtube8m",
    "train.steps=4",
    "train.batch_size=4",
    "train.learning_rate=0.002",
    "train.checkpoint_every=2",
)
NEXTVLAD = (
    *COMMON,
    "model=nextvlad",
    *("network.groups=2", "clusters=4", "expansion=1", "hidden=16"),
    "network.batch_norm_momentum=0.5",
    "fewer_frames.way=uniform",
    "fewer_frames.k=15",
)
ROWS = ("teacher", "baseline", "student")
MEASURES = ("gap", "map", "hit1", "perr")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Of the files, and of what is known of them."""
    root = tmp_path_factory.mktemp("features")
    return write_features(root / "yt", COUNTS, CLASSES), root / "records"


@pytest.fixture(scope="module")
def start(places, tmp_path_factory):
    """`start(mode, settings)`: the run, and what was shown."""

    def start(mode, settings, run=None, **flags):
        run = run or Run(tmp_path_factory.mktemp("run") / "run")
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            mode.run(
                config.override(OWN_VIDEOS, list(settings)),
                data=str(places[0]),
                records_dir=str(places[1]),
                run_dir=str(run.folder),
                **flags,
            )
        return run, shown.getvalue()

    return start


@pytest.fixture(scope="module")
def distilled(start):
    return start(distill, NEXTVLAD)


@pytest.mark.large
def test_three_rows(distilled):
    """Teacher and baseline, and a student with the baseline's frames."""
    run, shown = distilled
    lines = shown.splitlines()
    assert lines[0].startswith("records: ")
    assert lines[0].endswith(
        "20 train, 6 validation; 5 classes; features of frames"
    )
    titles = ["All frames (teacher)", "Fewer frames (baseline)"]
    titles.append("Fewer frames (student)")
    found = [line for line in lines if "frames (" in line]
    assert [line[:23].strip() for line in found] == titles
    assert "GAP@20 validation" in shown and "warning: no video" not in shown
    assert lines[-1] == f"report: {run.report_path}"
    assert set(os.listdir(run.folder / "checkpoints")) == set(ROWS)
    assert (run.export_path / "1" / "saved_model.pb").exists()
    page = run.report_path.read_text()
    assert "Rare and frequent classes" in page and "loss" in page
    assert "Clips beside" not in page and "Optical flow" not in page


@pytest.mark.large
def test_the_baseline_of_other_frames_is_not_taken(start, distilled, tmp_path):
    """Of another run's networks the teacher is; the baseline sees 15 frames,
    and one that sees 15 is taken where a student does.
    """
    donor, _ = distilled
    for k, there in (30, ["baseline", "student"]), (15, ["student"]):
        run = Run(tmp_path / f"k{k}")
        settings = (*NEXTVLAD, f"fewer_frames.k={k}", "train.steps=2")
        _, shown = start(distill, settings, run, teacher=str(donor.folder))
        assert sorted(os.listdir(run.folder / "checkpoints")) == there
        assert ("has no such baseline" in shown) == (k == 30)


@pytest.mark.large
def test_the_results_are_the_kits(distilled, places):
    """Each network's answers to the frames that it sees, measured at once."""
    run, _ = distilled
    results = run.read_results()
    assert "every 20-th of 300 frames" in results["protocol"]
    dataset = adopt_features(*places)
    for row in ROWS:
        network = load_checkpoint(run.folder, row)
        data = feature_batches(
            files_of(dataset, "validation"),
            batch_size=6,
            training=False,
            sampling=run.recipe().frames_of(row),
        )
        ((inputs, labels),) = data
        assert inputs["features"][0].shape[1] == (300 if row == ROWS[0] else 15)
        logits = network(inputs["features"]).numpy().astype(float)
        ranks = RankedLabels(CLASSES)
        ranks.add(1 / (1 + np.exp(-logits)), labels.numpy())
        expected = {
            "gap": ranks.gap(),
            "map": ranks.mean_average_precision(),
            "hit1": ranks.hit1(),
            "perr": ranks.perr(),
        }
        metrics = results["metrics"]
        found = {name: metrics[f"{row}/{name}"]["value"] for name in expected}
        assert found == pytest.approx(expected, abs=1e-6)
        assert metrics[f"{row}/gap"]["n"] == 6
        assert metrics[f"{row}/ms_per_video"]["value"] > 0


@pytest.mark.large
def test_evaluated_anew(distilled, tmp_path):
    """The same numbers, from the checkpoints alone."""
    run, _ = distilled
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        out = tmp_path / "results.json"
        evaluate.run(checkpoint=[str(run.folder)], out=str(out))
    assert shown.getvalue().count("frames (") == 3
    again = json.loads(out.read_text())["metrics"]
    before = run.read_results()["metrics"]
    for row in ROWS:
        for name in MEASURES:
            assert again[f"{row}/{name}"] == before[f"{row}/{name}"]


@pytest.mark.parametrize(
    "way, role",
    [
        ("all", "teacher"),
        pytest.param("last", "baseline", marks=pytest.mark.large),
    ],
)
def test_one_network(start, way, role):
    """One that sees all frames is the teacher's."""
    run, shown = start(train, (*NEXTVLAD, f"fewer_frames.way={way}"))
    assert os.listdir(run.folder / "checkpoints") == [role]
    assert shown.count("frames (") == 1
    assert f"{role}/gap" in run.read_results()["metrics"]


@pytest.mark.large
def test_a_student_with_other_chunks(start):
    """H-RNN: 20 chunks of 15 frames, and 5 of 3; the terms of the paper."""
    terms = "[{where: state, loss: squares}, {where: logits, loss: label_kl}]"
    run, _ = start(
        distill,
        (
            *COMMON,
            "train.steps=2",
            "model=hrnn",
            *("network.cells=4", "network.chunk_frames=3"),
            "teacher.chunk_frames=15",
            *("fewer_frames.way=uniform", "fewer_frames.k=15"),
            f"distill.terms={terms}",
        ),
    )
    recipe = run.recipe()
    assert recipe.network_of("teacher").chunk_frames == 15
    assert recipe.network_of("student").chunk_frames == 3
    frames = np.random.default_rng(0).normal(size=[1, 300, 1152])
    for row, chunks, seen in zip(ROWS, (20, 5, 5), (300, 15, 15), strict=True):
        network = load_checkpoint(run.folder, row)
        found = network.features(frames[:, :seen].astype(np.float32))
        assert found["chunks"].shape == [1, chunks, 16]
    with open(run.checkpoints("student") / "history.csv") as file:
        (entry,) = csv.DictReader(file)
    parts = ("student_loss", "distillation_loss_state", "distillation_loss")
    assert float(entry["loss"]) == pytest.approx(
        sum(float(entry[name]) for name in parts), rel=1e-4
    )
    for row in ROWS:
        assert 0 <= run.read_results()["metrics"][f"{row}/gap"]["value"] <= 1


@pytest.mark.large
def test_labels_that_a_student_never_sees(start):
    """Of L_rep alone, the classifier stays where it began; without a teacher's
    loss, the student is the baseline.
    """
    alone = "distill.terms=[{where: vlad, loss: squares, weight: 0.001}]"
    # Adam would make much of gradients that are 0 but for rounding.
    common = (*NEXTVLAD, "optimizer=sgd", "learning_rate=0.01")
    settings = (*common, "distill.label_weight=0", "weight_decay=0.0")
    student, baseline = (
        load_checkpoint(start(distill, (*settings, alone))[0].folder, row).head
        for row in ("student", "baseline")
    )
    kernel = baseline.fully_connected.kernel
    assert abs(kernel - student.fully_connected.kernel).numpy().max() > 1e-4
    assert not student.fully_connected.bias.numpy().any()
    assert baseline.fully_connected.bias.numpy().any()
    other, _ = start(distill, (*common, "distill.weight=0"))
    same = [
        load_checkpoint(other.folder, row).get_weights()
        for row in ("student", "baseline")
    ]
    for one, two in zip(*same, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
