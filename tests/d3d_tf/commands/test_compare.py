"""What two sets or two results have in common, counted by hand."""

import json

import numpy as np
import pytest

from d3d_tf.commands.compare import (
    compare,
    compare_scores,
    compare_sets,
    read_ids,
    run,
)
from d3d_tf.errors import UsageError, UserError
from d3d_tf.tasks.classification.scores import ClassScores


def record_folder(path, **digests):
    rows = [{"id": id_, "sha256": digest} for id_, digest in digests.items()]
    rows.append({"id": "bad", "skipped": "empty file"})
    path.mkdir()
    (path / "manifest.json").write_text(json.dumps(rows))
    return path


def scores(ids, labels, guesses):
    """`guesses` are the classes with the highest score."""
    probabilities = np.full((len(ids), 3), 0.1)
    probabilities[np.arange(len(ids)), guesses] = 0.8
    return ClassScores(np.array(ids), np.array(labels), probabilities)


A = scores(["1", "2", "3", "4"], [0, 1, 2, 0], [0, 1, 0, 0])
B = scores(["3", "4", "5"], [2, 0, 1], [2, 1, 1])


def test_sets(tmp_path):
    first = record_folder(tmp_path / "a", x="11", y="22", z="33")
    second = record_folder(tmp_path / "b", y="22", z="44", w="55", v="66")
    assert compare_sets(read_ids(first), read_ids(second)) == [
        "videos: 3 in A, 4 in B, 2 in both (only A: 1, only B: 2)",
        "of those in both, 1 are other files under the same id",
    ]


def test_a_published_list_of_videos(tmp_path, capsys):
    first = record_folder(tmp_path / "a", x="11", y="22")
    (tmp_path / "list.txt").write_text("y\nz\n\nx\n")
    out = tmp_path / "common.txt"
    run(data=[str(first), str(tmp_path / "list.txt")], out=str(out))
    assert out.read_text() == "x\ny\n"
    assert "2 in A, 3 in B, 2 in both" in capsys.readouterr().out


def test_results_on_the_videos_both_have():
    """A: 3 of 4, of 3 and 4 it knows 4; B: 2 of 3, of them it knows 3."""
    assert compare_scores(A, B) == [
        "A: top-1 75.0 % of 4 videos, 50.0 % of 2 common ones",
        "B: top-1 66.7 % of 3 videos, 50.0 % of 2 common ones",
        # One each: of two draws both may be the one or the other.
        "B - A: +0.0 points [-100.0, +100.0] (95 %, bootstrap over common "
        "videos); right in B alone 1, in A alone 1",
        "B against A: 1 of 2 classes better, 1 worse, 0 within 0.1 %",
    ]


def test_two_networks_of_a_run(tmp_path, capsys):
    A.save(tmp_path / "baseline-val.npz")
    B.save(tmp_path / "student-val.npz")
    given = [str(tmp_path / f"{n}-val.npz") for n in ("baseline", "student")]
    run(checkpoint=given)
    assert "B - A: +0.0 points" in capsys.readouterr().out


def test_runs(tmp_path):
    for name, found in (("a", A), ("b", B)):
        (tmp_path / name / "scores").mkdir(parents=True)
        found.save(tmp_path / name / "scores" / "student-val.npz")
    A.save(tmp_path / "a" / "scores" / "teacher-val.npz")
    lines, common = compare(tmp_path / "a", tmp_path / "b")
    assert lines[0] == "student-val:" and len(lines) == 5
    assert common == {"3", "4"}


@pytest.mark.parametrize("other", ["none", "folder"])
def test_what_is_neither_is_refused(tmp_path, other):
    first = record_folder(tmp_path / "a", x="11")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=f"{other} is no record folder"):
        run(data=[str(first), str(tmp_path / other)])


def test_results_of_different_videos():
    with pytest.raises(UserError, match="different videos altogether"):
        compare_scores(A, scores(["9"], [0], [0]))


def test_what_cannot_be_written_or_read(tmp_path):
    A.save(tmp_path / "student-val.npz")
    (tmp_path / "file").write_text("")
    scores = str(tmp_path / "student-val.npz")
    out = str(tmp_path / "file" / "ids.txt")
    with pytest.raises(UserError, match="cannot be used: Not a dir"):
        run(checkpoint=[scores, scores], out=out)
    with pytest.raises(UserError, match="There is no file"):
        run(checkpoint=[scores, str(tmp_path / "studnet-val.npz")])


@pytest.mark.parametrize(
    "places",
    [
        {},
        {"data": ["a"]},
        {"checkpoint": ["a", "b", "c"]},
        {"data": ["a"], "checkpoint": ["b"]},
        {"data": ["a", "b"], "checkpoint": ["c", "d"]},
    ],
)
def test_two_of_one_kind_are_compared(places):
    with pytest.raises(UsageError, match="two runs .* or two record folders"):
        run(**places)
