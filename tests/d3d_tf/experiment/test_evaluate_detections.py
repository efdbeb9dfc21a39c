"""From two files on the command line to numbers, a file and a figure."""

import hashlib
import json

import pytest

from d3d_tf.commands import evaluate
from d3d_tf.errors import UsageError


@pytest.fixture
def files(goldens):
    folder = goldens / "ava" / "case_a"
    return {
        "data": str(folder / "gt.csv"),
        "detections": str(folder / "detections.csv"),
    }, [f"excluded={folder / 'excluded.csv'}"]


def test_case_a(files, tmp_path, capsys):
    """0.6154379417679043, the mean of 19 actions; 41 are nowhere true."""
    given, settings = files
    out = tmp_path / "results.json"
    evaluate.run(settings=["task=detection", *settings], out=str(out), **given)
    shown = capsys.readouterr().out
    assert "frame-mAP at IoU 0.5" in shown and " 61.54   31 keyframes" in shown
    assert "left out: 9 detections on excluded keyframes" in shown
    assert "ORACLE" not in shown
    results = json.loads(out.read_text())
    assert results["frame_map"] == pytest.approx(0.6154379417679043, abs=1e-10)
    assert (
        results["metrics"]["PascalBoxes_Precision/mAP@0.5IOU"]
        == results["frame_map"]
    )
    known = [row for row in results["actions"] if row["ap"] is not None]
    assert len(known) == 19 and len(results["actions"]) == 60
    poses = [row["ap"] for row in known if row["id"] <= 14]
    assert results["groups"]["person movement (pose)"] == pytest.approx(
        sum(poses) / len(poses)
    )
    with open(given["data"], "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    assert results["files"][given["data"]] == digest
    figure = out.with_suffix(".svg").read_text()
    assert "<svg" in figure and "kiss (a person)" in figure


def test_the_truth_as_its_own_detections(files, tmp_path, capsys):
    """All is right, and said to be an oracle."""
    given, settings = files
    evaluate.run(settings=settings, **given | {"detections": given["data"]})
    shown = capsys.readouterr().out
    assert " 100.00   31 keyframes; ORACLE" in shown


def test_where_results_go(files, tmp_path):
    """A folder that is missing is made; one that is a file is refused first."""
    given, _ = files
    out = tmp_path / "a" / "b" / "results.json"
    evaluate.run(out=str(out), **given)
    assert out.is_file() and out.with_suffix(".svg").is_file()
    inside = out / "results.json"
    with pytest.raises(UsageError, match="is no folder that you may write in"):
        evaluate.run(out=str(inside), **given | {"data": "none.csv"})


@pytest.mark.parametrize(
    "settings, extra, message",
    [
        (["task=detection"], {"detections": None}, "scored with --data"),
        ([], {"run_dir": "runs/x"}, "without a run"),
        (["iou=2"], {}, "detection.iou must be above 0, at most 1; got 2"),
        (["detection.views=3"], {}, "keys: detection.label_map"),
        ([], {"out": "figure.png"}, "such as RESULTS.json"),
    ],
)
def test_what_does_not_go_together(files, settings, extra, message):
    given, _ = files
    with pytest.raises(UsageError, match=message):
        evaluate.run(settings=settings, **given | extra)
