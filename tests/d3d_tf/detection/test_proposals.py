"""Files of detected persons; one that would run something does not."""

import os
import pickle

import numpy as np
import pytest

from d3d_tf.detection.proposals import read_proposals
from d3d_tf.errors import UserError

ROWS = (
    "-a_b,0902,0.1,0.2,0.3,0.4,,0.95\n"
    "-a_b,902.0,0.5,0.2,0.6,0.4,80,0.5\n"
    "\n"
    "c,0903,0,0,1,1,,1\n"
)


def test_rows_of_a_keyframe(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text(ROWS)
    found = read_proposals(path)
    assert set(found) == {("-a_b", 902_000_000), ("c", 903_000_000)}
    np.testing.assert_array_equal(
        found["-a_b", 902_000_000],
        [[0.2, 0.1, 0.4, 0.3, 0.95], [0.2, 0.5, 0.4, 0.6, 0.5]],
    )


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pickled_arrays(tmp_path, protocol, dtype):
    """Videos' ids may have commas; a keyframe may have no box."""
    path = tmp_path / "boxes.pkl"
    boxes = np.array([[0.1, 0.2, 0.3, 0.4, 0.9]], dtype)
    given = {"a,b,0902": boxes, "c,0903": np.zeros([0, 5], dtype)}
    path.write_bytes(pickle.dumps(given, protocol=protocol))
    found = read_proposals(path)
    assert set(found) == {("a,b", 902_000_000)}
    np.testing.assert_allclose(
        found["a,b", 902_000_000], [[0.2, 0.1, 0.4, 0.3, 0.9]], rtol=1e-6
    )


class _Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_nothing_of_a_pickle_is_run(tmp_path):
    path, made = tmp_path / "boxes.pkl", tmp_path / "made"
    path.write_bytes(pickle.dumps({"a,0902": _Harm(str(made))}))
    with pytest.raises(UserError, match=r"it wants posix.mkdir.*was run"):
        read_proposals(path)
    assert not made.exists()


@pytest.mark.parametrize(
    "content, message",
    [
        (b"no pickle", "is not a dict"),
        (pickle.dumps([1, 2]), "holds a list"),
        (pickle.dumps({"a,0902": [[1, 2, 3]]}), "is not a dict"),
        (pickle.dumps({"a": [[1, 2, 3, 4, 5.0]]}), "is not a dict"),
        (pickle.dumps({"a,0902": [[1, 2, 3, 4, np.nan]]}), "not finite"),
    ],
)
def test_wrong_pickles(tmp_path, content, message):
    path = tmp_path / "boxes.pkl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_proposals(path)


def test_wrong_rows_and_files(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text(ROWS + "a,0902,0.1,0.2,0.3,x,,1\n")
    with pytest.raises(UserError, match="line 5: a proposal is"):
        read_proposals(path)
    with pytest.raises(UserError, match="Cannot read"):
        read_proposals(tmp_path / "none.csv")
