"""The two files and the lines of `--mode=predict` with a detector."""

import re
import shutil

import numpy as np
import pytest

from d3d_tf.commands import predict, train
from d3d_tf.detection.rows import read_rows
from d3d_tf.errors import UsageError, UserError
from d3d_tf.runs.folder import Run
from d3d_tf.video.reading import frame_times
from tests.d3d_tf.detector.conftest import SQUARES, keyframes  # noqa: F401
from tests.d3d_tf.detector.test_scoring import recipe
from tests.d3d_tf.report.test_annotated_video import decoded


@pytest.fixture(scope="module")
def run(keyframes, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("predict") / "run"
    own = recipe("detector.scored=truth", "train.steps=40")
    train.run(own, data=str(keyframes), run_dir=str(folder))
    return Run(folder)


@pytest.fixture
def predicted(run, keyframes, tmp_path, monkeypatch):  # noqa: F811
    """Runs the command in an empty folder, on the file `wide.mp4`."""
    monkeypatch.chdir(tmp_path)

    def call(**flags):
        video = keyframes.parent / "videos" / "wide.mp4"
        given = {"data": str(video), "checkpoint": str(run.folder)}
        predict.run(**given | flags)

    return call


@pytest.fixture
def lists(keyframes):  # noqa: F811
    return keyframes.parent / "lists"


@pytest.mark.large
def test_a_list_and_a_video(predicted, lists, run, tmp_path, capsys):
    """As the run has scored the same keyframe, to JPEG's loss."""
    predicted(detections=str(lists / "val.csv"))
    shown = capsys.readouterr().out
    folder = tmp_path / "wide-detections"
    assert sorted(p.name for p in folder.iterdir()) == [
        "detections.csv",
        "detections.mp4",
    ]
    rows = read_rows(folder / "detections.csv")
    stored = read_rows(run.scores("baseline", "val").with_suffix(".csv"))
    assert rows.videos == ["wide"] and set(rows.time) == {2_000_000}
    # Boxes are in another order in the records.
    kept = {}
    for name, table in (("here", rows), ("there", stored)):
        own = [table.videos[place] == "wide" for place in table.video]
        kept[name] = np.array(
            sorted(
                (action, *box.round(2), score)
                for box, action, score in zip(
                    table.boxes[own],
                    table.action[own],
                    table.last[own],
                    strict=True,
                )
            )
        )
    np.testing.assert_allclose(kept["here"], kept["there"], atol=0.02)
    likely = (rows.last > 0.5).sum()
    assert f"keyframes: 1, persons: 2, actions above 50 %: {likely}\n" in shown
    assert re.search(
        r"keyframes per second: [\d.]+ in the network, [\d.]+ with decoding "
        r"and drawing, which is [\d.]+ times real time",
        shown,
    )
    # Three rows of `tall`, as of `wide`.
    assert f"{lists / 'val.csv'}: left out 3 rows of other videos" in shown
    assert "wide-detections/detections.mp4" in shown
    frames = decoded(folder / "detections.mp4")
    assert len(frames) == 60 and frames.shape[1:3] == (240, 480)
    np.testing.assert_allclose(
        frame_times(folder / "detections.mp4"), np.arange(60) / 25, atol=1e-4
    )
    # Around the keyframe, from 1.5 s on, there is green at the red square.
    y1, x1, y2, x2 = np.multiply(SQUARES[0][0], [240, 480] * 2).astype(int)
    edge = frames[:, (y1 + y2) // 2, x1 - 8 : x1 + 8].astype(int)
    green = (edge[..., 1] > edge[..., 0] + 60).any(-1)
    assert green[38:].all() and not green[:37].any()


@pytest.mark.large
def test_again_into_the_same_folder(predicted, lists, tmp_path):
    """What an earlier call wrote is written anew, to the same bytes."""
    flags = {"detections": str(lists / "train.csv"), "out": "a/b"}
    predicted(**flags)
    names = ("detections.csv", "detections.mp4")
    before = [(tmp_path / "a/b" / name).read_bytes() for name in names]
    predicted(**flags)
    after = [(tmp_path / "a/b" / name).read_bytes() for name in names]
    assert before == after


@pytest.mark.large
@pytest.mark.parametrize("name", ["mine.txt", "detections.csv"])
def test_a_folder_of_somebody_else(predicted, lists, tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("mine")
    with pytest.raises(UsageError, match="other files in it than"):
        predicted(detections=str(lists / "val.csv"), out="mine")
    assert (tmp_path / "mine" / name).read_text() == "mine"


@pytest.mark.large
def test_its_own_files_are_not_its_input(predicted, lists, tmp_path):
    predicted(detections=str(lists / "val.csv"))
    made = tmp_path / "wide-detections" / "detections.csv"
    with pytest.raises(UsageError, match="choose a new folder with --out"):
        predicted(detections=str(made))
    predicted(detections=str(made), out="again")
    shutil.copy(made, "wide.csv")
    with pytest.raises(UsageError, match="--out=wide.csv"):
        predicted(detections=str(made), out="wide.csv")


@pytest.mark.large
@pytest.mark.parametrize(
    "content, message",
    [
        ("wide,9,0,0,1,1\n", r"over after 2.4 s, before the keyframes.*at 9 s"),
        ("tall,1,0,0,1,1\n", "no row of the video 'wide'.*it has tall"),
        ("wide,1,0.5,0,0.1,1\n", "1 boxes without an area, or with corners"),
    ],
)
def test_boxes_that_are_none(predicted, tmp_path, content, message):
    (tmp_path / "boxes.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        predicted(detections="boxes.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["boxes.csv"]


@pytest.mark.large
def test_late_keyframes_are_counted(predicted, tmp_path, capsys):
    rows = [f"wide,{time},0,0,0.5,1\n" for time in (0, 2.36, 2.44, 3)]
    (tmp_path / "boxes.csv").write_text("".join(rows))
    predicted(detections="boxes.csv")
    assert "before them, after 2.4 s: 2 keyframes" in capsys.readouterr().out
    found = read_rows(tmp_path / "wide-detections" / "detections.csv")
    assert set(found.time) == {0, 2_360_000}


@pytest.mark.large
def test_no_video(predicted, tmp_path):
    (tmp_path / "wide.mp4").write_bytes(b"no video")
    (tmp_path / "boxes.csv").write_text("wide,1,0,0,1,1\n")
    with pytest.raises(UserError, match="wide.mp4 cannot be used: "):
        predicted(data="wide.mp4", detections="boxes.csv")
    assert not (tmp_path / "wide-detections").exists()
