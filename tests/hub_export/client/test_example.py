"""What is said of an answer to an example, by hand."""

import numpy as np
import pytest

from d3d_tf.hub_export.client.example import Example, compare, per_channel

EXPECTED = [0.7, 0.2, 0.1]


def example(values=EXPECTED, output="probabilities", labels=("a", "b", "c")):
    return Example([b""], "", output, np.array(values), 1e-4, labels)


@pytest.mark.parametrize(
    "answer, words",
    [
        ([0.70009, 0.19991, 0.1], None),
        ([0.7002, 0.1998, 0.1], "0.0002, allowed is 1.0e-04; a processor that"),
        (
            [0.6, 0.3, 0.1],
            "is 0.1, allowed is 1.0e-04; other weights, or other",
        ),
        ([0.3, 0.6, 0.1], "; the largest value is 'b', not 'a'; other weights"),
        ([0.1, 0.7, 0.2], "'b', not 'a'; the values are right and their order"),
        # Plus 3: the soft-max takes no notice.
        (np.log(EXPECTED) + 3, "these are logits: the soft-max is missing"),
        ([0.7, 0.3], "2 values, the module has 3: another module"),
        ([0.7, 0.2, np.nan], "values that are not finite"),
    ],
)
def test_answers(answer, words):
    equal, text = compare(example(), np.array(answer))
    assert equal == (words is None)
    assert (words or "equal: the largest difference of 3 proba") in text


def test_more_is_allowed():
    answer = np.array([0.6, 0.3, 0.1])
    assert compare(example(), answer, allowed=0.11)[0]
    assert not compare(example(), answer, allowed=0.09)[0]


def test_large_features_are_compared_by_their_size():
    """2e-3 of 40 is 5e-5, and as much of 4 is 5e-4."""
    for scale, right in ((40.0, True), (4.0, False)):
        module = example([scale, 0.5], "features", ())
        assert compare(module, module.values + [0, 2e-3])[0] is right
    assert (
        "the largest value is 1, not 0"
        in (compare(example([4.0, 0.5], "features", ()), np.array([0.5, 4]))[1])
    )


def test_a_feature_map_is_its_mean():
    """Of two frames of 1 x 2 pixels and two channels."""
    answer = [[[[[1, 10], [2, 20]]], [[[3, 30], [6, 60]]]]]
    assert per_channel(np.array(answer)).tolist() == [3, 30]
    assert per_channel(np.array([[1, 10]])).tolist() == [1, 10]
