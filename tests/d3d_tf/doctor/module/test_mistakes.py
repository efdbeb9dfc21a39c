"""Names both ways, and what cannot be a mistake."""

import numpy as np

from d3d_tf.doctor.module import mistakes
from d3d_tf.doctor.module.mistakes import MISTAKES, Mistake, Oracle
from d3d_tf.doctor.module.served import open_module
from tests.d3d_tf.doctor.module.impostor import save


def mistake(way) -> Mistake:
    (found,) = [m for m in MISTAKES if m.way is way]
    return found


def test_names(served):
    """The labels are walk, jump, run, climb, swim; sorted: climb, jump, run,
    swim, walk."""
    right = served.oracle().answers()
    found = served.oracle().answers([mistake(mistakes.by_name)])
    # Output 0, walk's, is called climb; output 3, climb's, is called swim.
    np.testing.assert_array_equal(found, right[:, [4, 1, 2, 0, 3]])
    found = served.oracle().answers([mistake(mistakes.next_label)])
    np.testing.assert_array_equal(found, right[:, [4, 0, 1, 2, 3]])
    # A list that is sorted by name begins with climb's.
    found = served.oracle(named=False).answers([mistake(mistakes.by_name)])
    np.testing.assert_array_equal(found, right[:, [3, 1, 2, 4, 0]])


def test_all_are_possible(served):
    assert served.oracle().possible() == list(MISTAKES)


def test_what_changes_nothing_is_no_mistake(tmp_path, bundled):
    """Sorted labels, frames as small as the square, the files' own rate."""
    module = open_module(save(tmp_path / "1", frame_rate=50.0))
    impossible = set(MISTAKES) - set(Oracle(module, bundled).possible())
    assert {m.words for m in impossible} == {
        "labels sorted by name",
        "pictures cropped from too small a size",
        "every frame of the file, whatever its rate",
    }


def test_pairs_are_of_two_steps():
    ways = "sxcN"
    some = [Mistake(w, w.lower(), len) for w in ways] + [Mistake("S", "s", len)]
    found = [a.words + b.words for a, b in mistakes.pairs(some)]
    assert found == ["sx", "sc", "sN", "xc", "xN", "xS", "cN", "cS", "NS"]
