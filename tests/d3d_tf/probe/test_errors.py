"""Errors of videos, as they are kept."""

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.probe import errors
from d3d_tf.probe.errors import Errors

FOUND = Errors(
    ids=np.array(["a", "b"]),
    epe=np.array([1.0, 2.0]),
    zeros=np.array([3.0, 5.0]),
    exact=np.array([0.5, 0.25]),
    shown=np.ones([2, 3, 4, 2], np.float32),
    frame=np.array(4),
)


def test_what_is_saved_is_read(tmp_path):
    sha256 = FOUND.save(tmp_path / "e.npz")
    found = errors.load(tmp_path / "e.npz", sha256)
    for name, value in vars(FOUND).items():
        np.testing.assert_array_equal(getattr(found, name), value)


@pytest.mark.parametrize("content", [None, b"", b"not it"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "e.npz"
    sha256 = FOUND.save(path)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(UserError, match=f"{path} cannot be read .*remove its"):
        errors.load(path, sha256)
