"""The boxes of one video, of files in several forms, derived by hand."""

import pickle

import numpy as np
import pytest

from d3d_tf.detection.person_boxes import read_person_boxes
from d3d_tf.errors import UserError


@pytest.fixture
def read(tmp_path):
    def of(text, video="v"):
        path = tmp_path / "boxes.csv"
        path.write_text(text)
        boxes, notes = read_person_boxes(path, video, 0.8)
        return {time: rows.tolist() for time, rows in boxes.items()}, notes

    return of


def test_rows_with_actions(read):
    """A box is there once, whatever it does; 0 is a person and no score."""
    boxes, notes = read(
        "v,0903,0.1,0.2,0.3,0.4,12,0\n"
        "v,902,0.5,0,1,1,12,0\n"
        "v,902,0.5,0,1,1,80,0\n"
        "v,902,0.1,0.2,0.3,0.4,80,1\n"
        "w,902,0.1,0.2,0.3,0.4,80,1\n"
        "v,904,0.3,0.2,0.1,0.4,80,1\n"
        "v,905\n"
    )
    assert boxes == {
        902_000_000: [[0, 0.5, 1, 1], [0.2, 0.1, 0.4, 0.3]],
        903_000_000: [[0.2, 0.1, 0.4, 0.3]],
        904_000_000: [],
        905_000_000: [],
    }
    assert list(boxes) == sorted(boxes)
    assert notes == [
        "1 rows of other videos",
        "1 boxes without an area, or with corners the wrong way round",
    ]


def test_rows_of_detected_persons(read):
    boxes, notes = read(
        "v,0.5,0.1,0.2,0.3,0.4,,0.9\nv,0.5,0.1,0.2,0.3,0.4,,0.79\n"
    )
    assert boxes == {500_000: [[0.2, 0.1, 0.4, 0.3]]}
    assert notes == ["1 boxes with a score below detector.least_score=0.8"]


@pytest.mark.parametrize("more", ["", ",", ",7"])
def test_rows_without_a_score(read, more):
    boxes, notes = read(f"v,1,0.1,0.2,0.3,0.4{more}\n")
    assert (boxes, notes) == ({1_000_000: [[0.2, 0.1, 0.4, 0.3]]}, [])


def test_a_pickle(tmp_path):
    path = tmp_path / "boxes.pkl"
    rows = np.array([[0, 0, 1, 1, 0.9], [0, 0, 1, 1, 0.1]])
    path.write_bytes(pickle.dumps({"v,0902": rows, "w,0902": rows}))
    boxes, notes = read_person_boxes(path, "v", 0.8)
    assert boxes[902_000_000].tolist() == [[0, 0, 1, 1]]
    assert [note[0] for note in notes] == ["2", "1"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "no row of the video 'v'.*no rows at all"),
        (
            "".join(f"{name},1,0,0,1,1\n" for name in "abcdefg"),
            "it has a, b, c, d, e and 2 more. Rename",
        ),
        ("v,1,0,0,1,1,,0.1\n", "1 boxes with a score below"),
        ("v,1\n", "its keyframes have none"),
        ("v,1,12,7,90,40,3\n", r"v at 1 s is 12,7,90,40, and not.*shares"),
        ("v,1,0,0,1\n", "line 1: a proposal is"),
        ("v,1,0,0,1,1,3\nv,1,0,0,x,1,3\n", "line 2: 'x' is not a number"),
    ],
)
def test_files_without_boxes(read, text, message):
    with pytest.raises(UserError, match=message):
        read(text)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match="Cannot read"):
        read_person_boxes(tmp_path / "none.csv", "v", 0.8)
