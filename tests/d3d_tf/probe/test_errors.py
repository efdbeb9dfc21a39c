"""Errors of videos: kept, and their mean with an interval."""

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.probe import errors
from d3d_tf.probe.errors import Errors, interval

FOUND = Errors(
    ids=np.array(["a", "b"]),
    epe=np.array([1.0, 2.0]),
    zeros=np.array([3.0, 5.0]),
    exact=np.array([0.5, 0.25]),
    shown=np.ones([2, 3, 4, 2], np.float32),
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


def test_interval_of_one_seed_is_that_of_a_mean():
    values = np.random.default_rng(1).normal(3, 2, [1, 400])
    spread = 1.96 * values.std() / 400**0.5
    low, high = interval(values)
    assert low == pytest.approx(values.mean() - spread, abs=0.03)
    assert high == pytest.approx(values.mean() + spread, abs=0.03)


def test_interval_over_seeds_that_differ_and_videos_that_do_not():
    # Of two seeds, 0 and 1, a draw of two has 0 or 1 in a quarter each.
    values = np.repeat([[0.0], [1.0]], 50, axis=1)
    assert interval(values) == pytest.approx((0, 1))
    assert interval(np.full([3, 5], 7.0)) == pytest.approx((7, 7))
