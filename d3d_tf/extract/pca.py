"""PCA with whitening and bytes of the features, as YouTube-8M's were made.

The formulas are those of the kit's `feature_extractor` (google/youtube-8m,
commits 2136b0f and 0a8fed4), and so are names and shapes of the files.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import write_array
from d3d_tf.errors import UserError

# Added to the eigenvalues before their root is taken.
_LEAST = 1e-4
_LOW, _HIGH = -2.0, 2.0


@dataclasses.dataclass(frozen=True)
class Pca:
    """The first K components of the features of pictures.

    Attributes:
      mean: float32 `[D]`.
      vectors: float32 `[K, D]`, orthonormal; no sum of one is negative.
      values: float32 `[K]`, the variance along each, largest first.
    """

    mean: np.ndarray
    vectors: np.ndarray
    values: np.ndarray

    def whitened(self, features: np.ndarray) -> np.ndarray:
        """`[n, D]` to float32 `[n, K]` of variance 1 or, of little, less."""
        found = (features - self.mean) @ self.vectors.T
        return found / np.sqrt(self.values + np.float32(_LEAST))

    def save(self, folder: Path) -> None:
        """Writes `mean.npy`, `eigenvecs.npy` and `eigenvals.npy`."""
        write_array(folder / "mean.npy", self.mean[:, None])
        write_array(folder / "eigenvecs.npy", self.vectors)
        write_array(folder / "eigenvals.npy", self.values[:, None])


def load_pca(folder: Path) -> Pca:
    """What `Pca.save` wrote.

    Raises:
      UserError: a file is missing or damaged.
    """
    names = ("mean", "eigenvecs", "eigenvals")
    try:
        mean, vectors, values = (np.load(folder / f"{n}.npy") for n in names)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(
            f"The PCA of the features in {folder} cannot be read ({error}): "
            "make the features again."
        ) from error
    return Pca(mean[:, 0], vectors, values[:, 0])


def fit_pca(parts: Iterable[np.ndarray], count: int) -> Pca:
    """The PCA of all rows of all parts, which are read one after the other.

    Args:
      parts: float `[n, D]`.
      count: K, of components.

    Raises:
      UserError: there are too few features, or frames, for so many.
    """
    total, mean, scatter = 0, np.zeros(1), np.zeros(1)
    for part in parts:
        rows = np.array(part, np.float64)
        if not len(rows):
            continue
        # Of two sets in one (Chan, Golub and LeVeque 1979): nothing is
        # subtracted from a sum of squares.
        own = np.mean(rows, axis=0)
        apart = own - mean
        both = total + len(rows)
        rows -= own
        scatter = scatter + rows.T @ rows
        scatter += np.outer(apart, apart) * (total * len(rows) / both)
        mean = mean + apart * (len(rows) / both)
        total = both
    most = min(len(mean), total - 1)
    if count > most:
        raise UserError(
            f"features.pca={count}: {total} training frames of {len(mean)} "
            f"features have no more than {most} components; give at most as "
            "many, or 0."
        )
    values, vectors = np.linalg.eigh(scatter / total)
    values, vectors = values[::-1][:count], vectors.T[::-1][:count]
    vectors = vectors * np.where(vectors.sum(axis=1) < 0, -1, 1)[:, None]
    found = mean, vectors, values.clip(0)
    return Pca(*(array.astype(np.float32) for array in found))


def to_bytes(features: np.ndarray) -> np.ndarray:
    """Features, cut off at -2 and 2, to uint8 of the same shape.

    The reader makes (byte + 1/2) 4/255 - 2 of a byte, but for a thousandth of
    a step: half a step, 4/512, more than was written.
    """
    steps = (np.clip(features, _LOW, _HIGH) - _LOW) * (255 / (_HIGH - _LOW))
    return np.rint(steps).astype(np.uint8)


def count_cut(features: np.ndarray) -> int:
    """How many of the numbers `to_bytes` cuts off."""
    return int(((features < _LOW) | (features > _HIGH)).sum())
