"""Accuracies and intervals against numbers from outside."""

import contextlib
import hashlib
import io
import math

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.evaluation.metrics import (
    Scores,
    average,
    percent,
    softmax,
    wilson_interval,
)


def make_scores(probabilities, labels):
    ids = np.array([f"v{i}" for i in range(len(labels))])
    return Scores(ids, np.array(labels), np.array(probabilities, float))


# Seven classes, four videos; the place of the label among the scores, from 1:
SEVEN = make_scores(
    [
        [0.30, 0.25, 0.20, 0.10, 0.08, 0.05, 0.02],  # label 0: 1st
        [0.30, 0.25, 0.20, 0.10, 0.08, 0.05, 0.02],  # label 4: 5th
        [0.30, 0.25, 0.20, 0.10, 0.08, 0.05, 0.02],  # label 5: 6th
        [0.02, 0.05, 0.08, 0.10, 0.20, 0.25, 0.30],  # label 6: 1st
    ],
    [0, 4, 5, 6],
)


def test_top1_and_top5_by_hand():
    """Videos 0 and 3 are first; video 1 is among five, video 2 is sixth."""
    assert SEVEN.top1() == (2, 4)
    assert SEVEN.top5() == (3, 4)


def test_some_of_the_videos():
    """Of videos 3 and 1 only 3 is right; the order is that of the scores."""
    some = SEVEN.of(["v3", "v1", "unknown"])
    assert some.ids.tolist() == ["v1", "v3"]
    assert some.labels.tolist() == [4, 6]
    assert some.top1() == (1, 2)


def test_with_five_classes_top5_is_always_right():
    scores = make_scores(np.full((3, 5), 0.2), [4, 3, 0])
    assert scores.top5() == (3, 3)


def test_equal_scores_make_no_label_special():
    """A network that says the same of all is right for one class of ten."""
    scores = make_scores(np.full((10, 10), 0.1), range(10))
    assert scores.top1() == (1, 10)
    assert scores.top5() == (5, 10)


def test_per_class_by_hand():
    """Class a: 1 of 2 right; class b: 1 of 1; class c has no video."""
    scores = make_scores(
        [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1]], [0, 0, 1]
    )
    assert scores.per_class(["a", "b", "c"]) == {
        "a": {"value": 0.5, "n": 2},
        "b": {"value": 1.0, "n": 1},
    }


def test_saved_scores_are_read_back(tmp_path):
    SEVEN.save(tmp_path / "scores.npz")
    loaded = Scores.load(tmp_path / "scores.npz")
    np.testing.assert_array_equal(loaded.ids, SEVEN.ids)
    np.testing.assert_array_equal(loaded.labels, SEVEN.labels)
    np.testing.assert_array_equal(loaded.probabilities, SEVEN.probabilities)


def test_softmax_by_hand():
    """exp(0) : exp(ln 3) = 1 : 3."""
    logits = np.array([[0.0, math.log(3)], [5.0, 5.0]], np.float32)
    np.testing.assert_allclose(
        softmax(logits), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-7
    )


def test_softmax_is_safe_with_large_logits():
    logits = np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32)
    np.testing.assert_allclose(softmax(logits), [[1.0, 0.0], [0.5, 0.5]])
    assert softmax(logits).dtype == np.float64


def test_the_average_is_that_of_the_probabilities():
    """(0.9 + 0.2) / 2 = 0.55: the more certain one wins."""
    fused = average(
        make_scores([[0.9, 0.1]], [0]), make_scores([[0.2, 0.8]], [0])
    )
    np.testing.assert_allclose(fused.probabilities, [[0.55, 0.45]])
    assert fused.top1() == (1, 1)
    assert fused.ids.tolist() == ["v0"]


def test_the_average_of_three():
    """(0.9 + 0.2 + 0.1) / 3 = 0.4."""
    three = [make_scores([[p, 1 - p]], [0]) for p in (0.9, 0.2, 0.1)]
    np.testing.assert_allclose(average(*three).probabilities, [[0.4, 0.6]])


def test_scores_of_other_videos_are_not_averaged():
    other = Scores(SEVEN.ids[::-1], SEVEN.labels, SEVEN.probabilities)
    with pytest.raises(ValueError, match="same videos"):
        average(SEVEN, other)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(right, total, low, high):
    """Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3.

    The third also by hand: with z = 1.96, z^2 / (n + z^2) = 3.8416 / 23.8416
    = 0.1611.
    """
    interval = wilson_interval(right, total)
    np.testing.assert_allclose(interval, (low, high), atol=5e-5)


def test_wilson_by_its_definition():
    """Its ends are the shares p with |right / n - p| = z sqrt(p (1 - p) / n).

    z is the normal distribution's 97.5 % point: erf(z / sqrt 2) = 0.95.
    """
    for total in (1, 2, 7, 50, 400, 20_000):
        for right in {0, 1, total // 3, total - 1, total}:
            share = right / total
            low, high = wilson_interval(right, total)
            assert 0 <= low < high <= 1
            for end in (low, high):
                if abs(share - end) < 1e-12:  # Nothing or all is right.
                    assert share in (0, 1)
                    continue
                z = abs(share - end) / math.sqrt(end * (1 - end) / total)
                assert math.erf(z / math.sqrt(2)) == pytest.approx(0.95)


def test_wilson_is_the_same_for_wrong_as_for_right():
    for right in range(31):
        low, high = wilson_interval(right, 30)
        other_low, other_high = wilson_interval(30 - right, 30)
        np.testing.assert_allclose((low, high), (1 - other_high, 1 - other_low))


def test_without_a_video_nothing_is_known():
    assert wilson_interval(0, 0) == (0.0, 1.0)


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
    [b"", b"junk", b"PK\3\4junk", _npy(), _npz(ids=np.array(["a"]))],
    ids=["empty", "text", "cut", "one array", "others"],
)
def test_what_holds_no_scores(tmp_path, content):
    path = tmp_path / "student-test.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="student-test.npz holds no scores"):
        Scores.load(path)


def test_a_misspelt_file_of_scores(tmp_path):
    with pytest.raises(UserError, match="There is no file .*studnet-test.npz"):
        Scores.load(tmp_path / "studnet-test.npz")


def test_scores_of_another_file_or_damaged(tmp_path):
    """Every 61st bit, without a hash: the archive has checksums of its own."""
    path = tmp_path / "a.npz"
    sha256 = SEVEN.save(path)
    whole = path.read_bytes()
    assert sha256 == hashlib.sha256(whole).hexdigest()
    loaded = Scores.load(path, sha256)
    np.testing.assert_array_equal(loaded.labels, SEVEN.labels)
    for bit in range(0, 8 * len(whole), 61):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with pytest.raises(UserError, match=f"{path} holds no scores"):
            Scores.load(path, sha256)
        with contextlib.suppress(UserError):
            loaded = Scores.load(path)
            np.testing.assert_array_equal(
                loaded.probabilities, SEVEN.probabilities
            )


def test_scores_that_do_not_belong_together(tmp_path):
    """Four labels, of three videos."""
    path = tmp_path / "a.npz"
    Scores(SEVEN.ids[:3], SEVEN.labels, SEVEN.probabilities).save(path)
    with pytest.raises(UserError, match="do not match"):
        Scores.load(path)


def test_a_share_for_people():
    entry = {"value": 0.3625, "ci95": [0.341, 0.3849], "n": 400}
    assert percent(entry) == "36.2 % [34.1, 38.5]"
