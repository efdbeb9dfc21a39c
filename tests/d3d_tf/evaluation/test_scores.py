"""Scores of any task, in memory and in files."""

import contextlib
import hashlib
import io

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.evaluation.scores import average, load
from tests.regression import Numbers

# The answers are 0.5, 2, 2.5 and 6 where 1, 2, 3 and 4 are right.
FOUR = Numbers(
    np.array(["b", "a", "d", "c"]),
    np.array([1.0, 2.0, 3.0, 4.0]),
    np.array([[0.5], [2.0], [2.5], [6.0]]),
)


def scores_of(name):
    assert name == "regression"
    return Numbers


def test_without_right_or_wrong():
    assert FOUR.headline() == "error"
    assert FOUR.metrics()["error"]["value"] == (0.5 + 0 + 0.5 + 2) / 4
    assert not FOUR.judged and FOUR.per_class(["x"]) == {}


def test_some_and_sorted():
    some = FOUR.of(["d", "a", "z"])
    assert some.ids.tolist() == ["a", "d"]
    assert some.answers().tolist() == [[2.0], [2.5]]
    assert FOUR.by_id().labels.tolist() == [2, 1, 4, 3]


def test_views_follow_one_another():
    """Means of (0, 2) and of (4, 5)."""
    scores = Numbers.of_views(
        ["a", "a", "b", "b"],
        np.array([7, 7, 8, 8]),
        np.float32([[0, 9], [2, 9], [4, 9], [5, 9]]),
        2,
    )
    assert scores.ids.tolist() == ["a", "b"]
    assert scores.labels.tolist() == [7, 8]
    assert scores.values.tolist() == [[1.0], [4.5]]


def test_the_largest_of_the_views():
    """Of (0, 2) and of (4, 5), as X3D does for Charades."""
    scores = Numbers.of_views(
        ["a", "a", "b", "b"],
        np.array([7, 7, 8, 8]),
        np.float32([[0, 9], [2, 9], [4, 9], [5, 9]]),
        2,
        pooling="max",
    )
    assert scores.values.tolist() == [[2.0], [5.0]]


def test_the_average():
    """0.5 and 1.5 make 1."""
    other = Numbers(FOUR.ids, FOUR.labels, FOUR.values + 1)
    fused = average(FOUR, other)
    assert isinstance(fused, Numbers)
    assert fused.values.tolist() == [[1.0], [2.5], [3.0], [6.5]]


def test_saved_scores_are_read_back(tmp_path):
    FOUR.save(tmp_path / "scores.npz")
    loaded = load(tmp_path / "scores.npz", scores_of)
    np.testing.assert_array_equal(loaded.ids, FOUR.ids)
    np.testing.assert_array_equal(loaded.labels, FOUR.labels)
    np.testing.assert_array_equal(loaded.values, FOUR.values)


def test_scores_of_other_videos_are_not_averaged():
    other = FOUR.by_id()
    with pytest.raises(ValueError, match="same videos"):
        average(FOUR, other)


def _npy() -> bytes:
    content = io.BytesIO()
    np.save(content, np.zeros(3))
    return content.getvalue()


def _npz(**arrays) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        b"PK\3\4junk",
        _npy(),
        _npz(task="regression", ids=np.array(["a"])),
    ],
    ids=["empty", "text", "cut", "one array", "others"],
)
def test_what_holds_no_scores(tmp_path, content):
    path = tmp_path / "student-test.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="student-test.npz holds no scores"):
        load(path, scores_of)


def test_a_misspelt_file_of_scores(tmp_path):
    with pytest.raises(UserError, match="There is no file .*studnet-test.npz"):
        load(tmp_path / "studnet-test.npz", scores_of)


def test_scores_of_another_file_or_damaged(tmp_path):
    """Every 61st bit, without a hash: the archive has checksums of its own."""
    path = tmp_path / "a.npz"
    sha256 = FOUR.save(path)
    whole = path.read_bytes()
    assert sha256 == hashlib.sha256(whole).hexdigest()
    loaded = load(path, scores_of, sha256)
    np.testing.assert_array_equal(loaded.labels, FOUR.labels)
    for bit in range(0, 8 * len(whole), 61):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with pytest.raises(UserError, match=f"{path} holds no scores"):
            load(path, scores_of, sha256)
        with contextlib.suppress(UserError):
            loaded = load(path, scores_of)
            np.testing.assert_array_equal(loaded.values, FOUR.values)


def test_scores_that_do_not_belong_together(tmp_path):
    """Four labels, of three videos."""
    path = tmp_path / "a.npz"
    Numbers(FOUR.ids[:3], FOUR.labels, FOUR.values).save(path)
    with pytest.raises(UserError, match="do not match"):
        load(path, scores_of)
