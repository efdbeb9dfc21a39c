"""The file of eigenvalues."""

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.models.nextvlad.trunk import read_eigenvalues


def test_the_first_1024(tmp_path):
    values = np.linspace(2, 1, 2048, dtype=np.float32)
    np.save(tmp_path / "e.npy", values[:, None])
    found = read_eigenvalues(str(tmp_path / "e.npy"))
    np.testing.assert_array_equal(found, values[:1024])


@pytest.mark.parametrize(
    "content, message",
    [
        (np.ones(1000), "must hold 1024 or more eigenvalues"),
        (np.ones(1024, int), "must hold 1024 or more"),
        (-np.ones(1024), "floats from 0 on"),
        (np.full(1024, np.nan), "floats from 0 on"),
        (b"text", "cannot be read"),
        (None, "cannot be read.*name the file eigenvals.npy"),
    ],
    ids=["few", "whole", "negative", "nan", "text", "missing"],
)
def test_another_file(tmp_path, content, message):
    path = tmp_path / "e.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(UserError, match=message):
        read_eigenvalues(str(path))
