"""NumPy's covariance of all rows at once, and the kit's formulas by hand."""

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.extract.pca import count_cut, fit_pca, to_bytes


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=[400, 5]) * [3, 1, 0.5, 0.2, 0.1]
    return np.float32(mixed @ rng.normal(size=[5, 5]) + 100)


def test_components(features):
    """Of parts as of the whole."""
    parts = np.split(features, [1, 7, 7, 300])
    pca = fit_pca(parts, 3)
    covariance = np.cov(np.float64(features).T, bias=True)
    largest = np.linalg.svd(covariance)[1][:3]
    np.testing.assert_allclose(pca.values, largest, rtol=1e-5)
    np.testing.assert_allclose(pca.mean, features.mean(0), rtol=1e-6)
    np.testing.assert_allclose(
        covariance @ pca.vectors.T, pca.vectors.T * pca.values, atol=1e-4
    )
    np.testing.assert_allclose(
        pca.vectors @ pca.vectors.T, np.eye(3), atol=1e-6
    )
    assert (pca.vectors.sum(axis=1) > 0).all()


def test_whitened(features):
    """Variance e / (e + 1e-4), no correlation."""
    pca = fit_pca([features], 3)
    found = np.cov(pca.whitened(features).T, bias=True)
    expected = np.diag(pca.values / (pca.values + 1e-4))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_files_are_the_kits(features, tmp_path):
    """Its reader takes `mean[:, 0]`, `eigenvals[:1024, 0]` and the transposed
    `eigenvecs`."""
    pca = fit_pca([features], 2)
    pca.save(tmp_path)
    mean, values, vectors = (
        np.load(tmp_path / f"{name}.npy")
        for name in ("mean", "eigenvals", "eigenvecs")
    )
    found = (features - mean[:, 0]).dot(vectors.T[:, :1024])
    found /= np.sqrt(values[:1024, 0] + 1e-4)
    np.testing.assert_allclose(found, pca.whitened(features), atol=1e-5)


def test_too_many_components(features):
    with pytest.raises(UserError, match="400 training frames of 5 .* than 5"):
        fit_pca([features], 6)
    with pytest.raises(UserError, match="3 training frames of 5 .* than 2"):
        fit_pca([features[:3]], 3)


def test_bytes():
    """0 is at 127.5, which becomes 128; one step is 4/255."""
    given = np.float32([-3, -2, -2 + 4 / 255, 0, 1.999, 2, 5])
    assert to_bytes(given).tolist() == [0, 0, 1, 128, 255, 255, 255]
    assert to_bytes(given).dtype == np.uint8
    assert count_cut(given) == 2
