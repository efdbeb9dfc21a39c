"""Trained by the command, scored, and scored again from the file it wrote."""

import dataclasses
import json
import sys

import numpy as np
import pytest

from d3d_tf import config
from d3d_tf.commands import (
    distill,
    evaluate,
    export,
    predict,
    probe,
    train,
)
from d3d_tf.data.dataset import open_dataset
from d3d_tf.detection.rows import read_rows
from d3d_tf.detector.batches import scoring_batches
from d3d_tf.detector.network import Detector
from d3d_tf.detector.scoring import write_detections
from d3d_tf.doctor.findings import OK
from d3d_tf.doctor.module.examination import check_module
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.cost_plot import points_of
from d3d_tf.experiment.start import start_training
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.tasks import load_scores
from d3d_tf.tasks.detection.scores import DetectionScores, id_of

SETTINGS = (
    "task=detection",
    "train.steps=40",
    "train.checkpoint_every=20",
    "train.batch_size=2",
    "clip.frames=4",
    "clip.size=32",
    "detector.endpoint=Conv2d_2c_3x3",
    "detector.tail=false",
    "detector.rois=8",
    "detector.freeze_batch_norm=false",
    "detector.dropout=0.0",
    "detector.least_score=0.6",
)
NETWORK = InceptionRecipe(
    depth_multiplier=1 / 16,
    min_depth=4,
    final_endpoint="Mixed_3b",
    batch_norm_momentum=0.9,
    fan_in_initializer=True,
)


def recipe(*more):
    start = dataclasses.replace(OWN_VIDEOS, network=NETWORK)
    return config.override(start, [*SETTINGS, *more])


@pytest.fixture(scope="module")
def trained(keyframes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector") / "run"
    train.run(
        recipe("detector.scored=truth"),
        data=str(keyframes),
        run_dir=str(folder),
    )
    return Run(folder)


def test_it_learns_who_does_what(trained):
    """Two persons who look otherwise: all is known after 40 steps."""
    results = trained.read_results()["metrics"]
    assert results["baseline/frame_map"]["value"] > 0.95
    assert results["baseline/frame_map"]["n"] == 2
    assert results["baseline/ms_per_video"]["value"] > 0
    assert trained.report_path.is_file()


def test_the_file_of_detections_has_the_same_frame_map(
    trained, keyframes, tmp_path
):
    """By the evaluator of anybody's files, with the lists as they were."""
    lists = keyframes.parent / "lists"
    out = tmp_path / "results.json"
    evaluate.run(
        data=str(lists / "val.csv"),
        detections=str(trained.folder / "scores" / "baseline-val.csv"),
        settings=["task=detection", f"label_map={lists / 'names.pbtxt'}"],
        out=str(out),
    )
    results = trained.read_results()["metrics"]
    assert json.loads(out.read_text())["frame_map"] == pytest.approx(
        results["baseline/frame_map"]["value"], abs=1e-6
    )


@pytest.mark.large
def test_it_is_exported(trained):
    """What its module says of the scored keyframes is what was scored."""
    export.run(checkpoint=str(trained.folder))
    module = trained.export_path / "1"
    told = json.loads((module / "module.json").read_text())
    assert told["kind"] == "detection" and told["num_classes"] == 3
    (way,) = told["videos"]["ways"].values()
    assert way["n"] == 2 and way["label_agreement"] == 1.0
    assert way["max_probability_difference"] < 1e-5
    assert [
        line.text for line in check_module(module) if line.level != OK
    ] == []


def test_rows_as_ava_has_them(tmp_path):
    """By keyframe, box and action; few digits where few say it."""
    scores = DetectionScores(
        np.array(["-a_b/0902", "c/1500000us"]),
        np.zeros([2, 1, 6], np.float32),
        boxes=np.float32([[[0.1, 0.2, 0.5, 0.75]], [[0, 0, 1, 1]]]),
        probabilities=np.float32([[[0.9, 0.25]], [[0, 1e-5]]]),
    )
    write_detections(tmp_path / "a" / "b.csv", scores)
    assert (tmp_path / "a" / "b.csv").read_text().splitlines() == [
        "-a_b,0902,0.2,0.1,0.75,0.5,1,0.9",
        "-a_b,0902,0.2,0.1,0.75,0.5,2,0.25",
    ]
    scores.probabilities[1, 0, 0] = 1 / 3
    write_detections(tmp_path / "b.csv", scores)
    last = (tmp_path / "b.csv").read_text().splitlines()[-1]
    assert last == "c,1.500000,0,0,1,1,1,0.33333334"
    rows = read_rows(tmp_path / "b.csv")
    assert np.float32(rows.last[-1]) == np.float32(1 / 3)


def test_ids_that_a_csv_file_must_quote(tmp_path):
    names = ['a, "b"', "c"]
    scores = DetectionScores(
        np.array([id_of(name, 1_500_000) for name in names]),
        np.zeros([2, 0, 5], np.float32),
        boxes=np.float32([[[0.1, 0.2, 0.5, 0.75]]] * 2),
        probabilities=np.float32([[[0.5]]] * 2),
    )
    write_detections(tmp_path / "a.csv", scores)
    rows = read_rows(tmp_path / "a.csv")
    assert [rows.videos[place] for place in rows.video] == names
    assert rows.time.tolist() == [1_500_000] * 2


@pytest.mark.large
def test_proposals_are_scored(trained, keyframes, tmp_path):
    """Of the first person's only: half of what there is to be found."""
    train.run(
        recipe("detector.scored=proposals", "train.steps=20"),
        data=str(keyframes),
        run_dir=str(tmp_path / "run"),
        init=[],
    )
    scores = load_scores(Run(tmp_path / "run").scores("baseline", "val"))
    assert scores.boxes.shape == (2, 2, 4)
    # The whole picture had a score of 0.5.
    assert (scores.boxes[:, 1] == 0).all()
    assert (scores.probabilities[:, 1] == 0).all()
    assert (scores.probabilities[:, 0] > 0).all()


RPN = (
    "detector.boxes=rpn",
    "detector.scored=rpn",
    "persons.depth=10",
    "persons.min_level=2",
    "persons.max_level=2",
    "persons.filters=8",
    "persons.side=32",
    "persons.anchor_sizes=[2.0, 4.0]",
    "persons.proposals=6",
    "persons.sampled=16",
    "persons.batch_norm_momentum=0.9",
)


@pytest.mark.large
@pytest.mark.card
def test_an_rpn_finds_the_persons(keyframes, tmp_path, capsys):
    """Trained, scored, reported; nothing says that an oracle did it."""
    train.run(
        recipe(*RPN, "train.steps=8", "train.learning_rate=0.01"),
        data=str(keyframes),
        run_dir=str(tmp_path / "run"),
    )
    assert "the RPN starts from scratch" in capsys.readouterr().out
    run = Run(tmp_path / "run")
    results = run.read_results()
    assert (
        "the RPN finds the persons, 6 proposals at most"
        in (results["protocol"])
    )
    assert "ORACLE" not in results["protocol"]
    assert results["metrics"]["baseline/frame_map"]["n"] == 2
    history = (run.checkpoints("baseline") / "history.csv").read_text()
    for name in ("action_loss", "person_loss", "person_offset_loss"):
        assert name in history.splitlines()[0]
    scores = load_scores(run.scores("baseline", "val"))
    assert scores.boxes.shape == (2, 6, 4)
    network = load_checkpoint(run.folder)
    assert network.persons.recipe.proposals == 6
    # What is in the file is what the loaded network says.
    place = scores.ids.tolist().index("wide/0002")
    (batch,) = [
        b
        for b in scoring_batches(
            keyframes, "val", run.recipe().clip, batch_size=1
        )
        if b["id"].numpy()[0] == b"wide/0002"
    ]
    probabilities, where = network.detect_persons(batch["frames"])
    np.testing.assert_allclose(scores.boxes[place], where[0], atol=1e-4)
    np.testing.assert_allclose(
        scores.probabilities[place], probabilities[0], atol=1e-4
    )
    rows = read_rows(run.folder / "scores" / "baseline-val.csv")
    assert len(rows.last) == (scores.probabilities >= 1e-4).sum()


def test_without_model_garden(keyframes, tmp_path, monkeypatch):
    """It is said before a run begins, and recipes can still be made."""
    monkeypatch.setitem(sys.modules, "official", None)
    with pytest.raises(UserError, match="needs TensorFlow Model Garden"):
        train.run(
            recipe(*RPN), data=str(keyframes), run_dir=str(tmp_path / "run")
        )
    assert not (tmp_path / "run" / "recipe.yaml").exists()


def test_a_detector_is_loaded_from_its_run(trained):
    network = load_checkpoint(trained.folder)
    assert isinstance(network, Detector)
    frames = np.zeros([1, 4, 32, 48, 3], np.float32)
    answers, _ = network.detect(frames, np.zeros([1, 3, 4], np.float32))
    assert answers.shape == [1, 3, 3]


def test_scores_are_saved_and_read(trained, capsys):
    """`--mode=evaluate` takes them from the run."""
    evaluate.run(checkpoint=[str(trained.folder)])
    shown = capsys.readouterr().out
    assert "frame-mAP val" in shown
    oracle = "ORACLE: the boxes are those of the ground truth"
    assert oracle in shown
    assert oracle in trained.read_results()["protocol"]


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda run, data: distill.run(recipe(), data=data),
            "--mode=distill knows no task=detection",
        ),
        (
            lambda run, data: predict.run(checkpoint=run, data="a.mp4"),
            r"does not find persons: .* --detections=BOXES.csv, rows of a,",
        ),
        (
            lambda run, data: export.run(
                checkpoint=run, settings=["export.kind=feature_vector"]
            ),
            "whose module has no export.kind feature_vector",
        ),
        (
            lambda run, data: probe.run(recipe(), checkpoint=run),
            "does not know detectors yet",
        ),
        (
            lambda run, data: train.run(recipe(), data=data, init=[run]),
            "is a detector; nothing starts from one",
        ),
    ],
)
def test_what_detectors_cannot_do(
    call, message, trained, keyframes, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        call(str(trained.folder), str(keyframes))


def test_where_detectors_do_not_fit(trained, keyframes, tmp_path):
    """As teachers, and in a plot of costs."""
    with pytest.raises(UserError, match="has no place in this plot"):
        points_of(trained.results_path)
    with pytest.raises(UserError, match="is a detector; it cannot teach"):
        start_training(
            recipe(),
            open_dataset(keyframes),
            Run(tmp_path / "run"),
            rows=("student",),
            teacher=trained,
        )


def test_a_layer_that_the_backbone_lacks():
    with pytest.raises(UsageError, match="detector.endpoint must be one of"):
        recipe("detector.endpoint=Mixed_5c")
