"""Frame-mAP: ActivityNet's numbers, and every rule by hand."""

import json

import numpy as np
import pytest

from d3d_tf.detection.actions import read_label_map
from d3d_tf.detection.frame_map import match
from d3d_tf.detection.rows import read_keyframes, read_rows
from d3d_tf.detection.settings import DetectionRecipe
from d3d_tf.errors import UserError


@pytest.fixture
def precision(tmp_path):
    """AP of the action 1, from rows `video,time,x1,y1,x2,y2,action,last`."""

    def find(truth, found, excluded=(), **rules):
        for name, rows in ("truth", truth), ("found", found):
            lines = [row if "," in row else f"v,1,{row}" for row in rows]
            text = "".join(line.replace(" ", ",") + "\n" for line in lines)
            (tmp_path / name).write_text(text)
        matches = match(
            read_rows(tmp_path / "truth"),
            read_rows(tmp_path / "found"),
            {1: "one", 2: "two"},
            set(excluded),
            DetectionRecipe(**rules),
        )
        find.matches = matches
        return matches.average_precisions([1])[0]

    return find


@pytest.mark.parametrize("case", ["case_a", "case_c"])
def test_activitynet_s_numbers(goldens, case):
    """Case c has ties: keyframes as they first come, rows as in the file."""
    folder = goldens / "ava" / case
    expected = json.loads((folder / "results.json").read_text())
    actions = read_label_map(folder / "labelmap.pbtxt")
    matches = match(
        read_rows(folder / "gt.csv"),
        read_rows(folder / "detections.csv"),
        actions,
        read_keyframes(folder / "excluded.csv"),
        DetectionRecipe(),
    )
    numbers = sorted(actions)
    found = matches.average_precisions(numbers)
    wanted = expected["expected"]["per_class_ap"]
    np.testing.assert_allclose(
        found,
        [np.nan if (v := wanted[str(n)]) is None else v for n in numbers],
        atol=1e-10,
    )
    mean = expected["expected"]["frame_map_50"]
    assert np.nanmean(found) == pytest.approx(mean, abs=1e-10)
    for n in numbers:
        counts = (
            (matches.truth_action == n).sum(),
            (matches.action == n).sum(),
            matches.hits[matches.action == n].sum(),
        )
        assert counts == tuple(
            expected[key].get(str(n), 0)
            for key in ("num_gt", "num_det", "num_tp")
        )


def test_the_server_of_2020(goldens):
    """No file of exclusions: such keyframes are not in its ground truth."""
    folder = goldens / "ava" / "case_a"
    expected = json.loads((folder / "results.json").read_text())
    actions = read_label_map(folder / "labelmap.pbtxt")
    rules = DetectionRecipe(rows_per_keyframe=50, unlisted_keyframes=False)
    truth, found = (
        read_rows(folder / name) for name in ("gt_v3.csv", "detections.csv")
    )
    matches = match(truth, found, actions, set(), rules)
    mean = np.nanmean(matches.average_precisions(sorted(actions)))
    assert mean == pytest.approx(
        expected["reference"]["anet2020"]["map"], abs=1e-10
    )


def test_half_is_enough_in_float64(precision):
    """Half of 0.5 x 0.25 is exact; 0.498 is less than half."""
    assert precision(["0 0 .5 .5 1 0"], ["0 0 .5 .25 1 1"]) == 1
    assert precision(["0 0 .5 .5 1 0"], ["0 0 .5 .249 1 1"]) == 0
    assert precision(["0 0 .5 .5 1 0"], ["0 0 .5 .249 1 1"], iou=0.4) == 1


def test_there_is_no_second_choice(precision):
    """Both see the first box best; the second box is left, and the AP is 1/2.

    So is a box that is there twice: nobody sees the second one.
    """
    truth = ["0 0 .4 .4 1 0", "0 0 .4 .6 1 0"]
    assert precision(truth, ["0 0 .4 .4 1 .9", "0 0 .4 .45 1 .8"]) == 0.5
    assert precision(2 * truth[:1], 2 * ["0 0 .4 .4 1 .9"]) == 0.5


def test_the_better_score_takes_the_box(precision):
    """Wherever it is in the file; the other is wrong, and comes second."""
    rows = ["0 0 .4 .5 1 .3", "0 0 .4 .4 1 .9"]
    assert precision(["0 0 .4 .4 1 0"], rows) == 1
    assert precision.matches.hits.tolist() == [False, True]


def test_boxes_without_an_area(precision):
    """Detections are left out; a true one is there, and nobody finds it."""
    rows = ["0 0 0 .4 1 .9", ".4 .4 .2 .2 1 .9", "0 0 .4 .4 1 .8"]
    assert precision(["0 0 .4 .4 1 0"], rows) == 1
    assert precision.matches.left_out == {"detections without an area": 2}
    assert precision(["0 0 .4 .4 1 0", "0 0 0 .4 1 0"], rows[2:]) == 0.5
    with pytest.raises(UserError, match="1 true boxes .* wrong way"):
        precision([".4 .4 .2 .2 1 0"], rows)


def test_where_there_is_nothing_true(precision):
    """Other actions, excluded keyframes, keyframes that are not named."""
    truth, found = ["0 0 .4 .4 1 0"], ["0 0 .4 .4 1 .5"]
    assert precision(truth, [*found, "0 0 .4 .4 9 .9"]) == 1
    assert precision.matches.left_out == {"detections of other actions": 1}
    elsewhere = [*found, "w,5,0,0,.4,.4,1,.9"]
    assert precision(truth, elsewhere) == 0.5
    assert precision(truth, elsewhere, [("w", 5_000_000)]) == 1
    assert precision(truth, elsewhere, unlisted_keyframes=False) == 1
    named = [*truth, "w,5"]
    assert precision(named, elsewhere, unlisted_keyframes=False) == 0.5
    assert np.isnan(precision(["0 0 .4 .4 2 0"], found))
    assert np.isnan(precision(truth, found, [("v", 1_000_000)]))
    assert precision(truth, []) == 0
    assert np.isnan(precision([], found))


def test_only_the_best_rows_of_a_keyframe(precision):
    """Of both actions together; a newcomer that is no better stays out."""
    truth = ["0 0 .4 .4 1 0"]
    found = ["0 0 .4 .4 1 .5", ".5 .5 .6 .6 2 .9", ".5 .5 .6 .6 2 .8"]
    assert precision(truth, found) == 1
    assert precision(truth, found, rows_per_keyframe=2) == 0
    equal = ["0 0 .4 .4 1 .5", ".5 .5 .6 .6 2 .5"]
    assert precision(truth, equal, rows_per_keyframe=1) == 1
    assert precision(truth, equal[::-1], rows_per_keyframe=1) == 0


def test_seconds_are_the_same_however_they_are_written(precision):
    truth = ["v,0902,0,0,.4,.4,1,0"]
    assert precision(truth, ["v,902,0,0,.4,.4,1,.5"]) == 1
    assert precision(truth, ["v,902.000000,0,0,.4,.4,1,.5"]) == 1
    assert precision(truth, ["v,902.5,0,0,.4,.4,1,.5"]) == 0


def test_boxes_of_the_truth_are_an_oracle(precision):
    truth = ["0 0 .4 .4 1 0", "0 0 .5 .4 2 0"]
    precision(truth, ["0 0 .4 .4 2 .5", "0 0 .5 .4 1 .5"])
    assert precision.matches.oracle
    precision(truth, ["0 0 .4 .4 2 .5", "0 0 .5 .41 1 .5"])
    assert not precision.matches.oracle
    precision(truth, [])
    assert not precision.matches.oracle


def test_detections_have_scores(precision):
    with pytest.raises(UserError, match="1 detections have no score"):
        precision(["0 0 .4 .4 1 0"], ["v,1,0,0,.4,.4,1"])


def test_videos_that_count_more_often(precision):
    """v is right, w is wrong with a better score: 1/2, and without w 1."""
    truth = ["v,1,0,0,.4,.4,1,0", "w,1,0,0,.4,.4,1,0"]
    precision(truth, ["v,1,0,0,.4,.4,1,.5", "w,1,.5,.5,.6,.6,1,.9"])
    matches = precision.matches
    assert matches.videos == ["v", "w"]
    found = [
        matches.average_precisions([1], np.array(weights))[0]
        for weights in ([1, 1], [1, 0], [2, 1], [0, 1])
    ]
    # [2, 1]: wrong, right, right of three: recall 2/3 at precision 2/3.
    assert found == pytest.approx([0.25, 1, 4 / 9, 0])
