"""Rows as arrays; the rules are in test_frame_map.py."""

import numpy as np

from d3d_tf.detection.matching import best_rows, by_keyframe, hits_of


def test_keyframes_as_they_first_come():
    keys = np.array([7, 5, 7, 6, 5])
    assert by_keyframe(keys).tolist() == [0, 2, 1, 4, 3]
    together = np.array([7, 7, 5, 6])
    assert by_keyframe(together).tolist() == [0, 1, 2, 3]


def test_the_least_action_leaves_first():
    """Scores .5, .5, .6 and room for two: of the equal ones, action 2 stays."""
    kept = best_rows(
        np.zeros(3, np.int64),
        np.array([0.5, 0.5, 0.6]),
        np.array([1, 2, 1]),
        np.zeros([3, 4]),
        2,
    )
    assert kept.tolist() == [False, True, True]


def test_thousands_of_rows_as_one_by_one():
    """Against the rule, row by row in Python."""
    rng = np.random.default_rng(0)
    truths, rows = 300, 2000

    def drawn(number):
        keys, actions = rng.integers(0, 20, number), rng.integers(1, 4, number)
        low = rng.uniform(0, 0.2, [number, 2])
        return keys, actions, np.concatenate([low, low + 0.3], axis=1)

    true, found = drawn(truths), drawn(rows)
    scores = rng.permutation(rows) / rows
    hits = hits_of(*true, *found, scores, 0.5)
    taken, expected = set(), np.zeros(rows, bool)
    for row in np.argsort(-scores):
        best, place = 0.0, None
        for i in range(truths):
            if true[0][i] == found[0][row] and true[1][i] == found[1][row]:
                a, b = true[2][i], found[2][row]
                sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
                inside = np.prod(np.maximum(sides, 0))
                share = inside / (2 * 0.3**2 - inside)
                if share > best:
                    best, place = share, i
        if best >= 0.5 and place not in taken:
            taken.add(place)
            expected[row] = True
    assert 50 < expected.sum() <= truths
    np.testing.assert_array_equal(hits, expected)
