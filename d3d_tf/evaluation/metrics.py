"""Accuracy with its uncertainty, from scores; numpy only."""

import dataclasses
import hashlib
import io
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import to_path, write_atomically
from d3d_tf.errors import UserError

# On the toy a network below this has not learned its task, and a comparison
# with it means nothing.
CONVERGED = 0.97


@dataclasses.dataclass(frozen=True)
class Scores:
    """The scores of a network on a split.

    Attributes:
      ids: `[videos]` str.
      labels: `[videos]` int.
      probabilities: `[videos, classes]` float, rows sum to 1.
    """

    ids: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    def top1(self) -> tuple[int, int]:
        """(right, all): videos whose highest score is their label's."""
        right = self.right()
        return int(right.sum()), len(right)

    def top5(self) -> tuple[int, int]:
        """(right, all): videos whose label is among the five highest."""
        best = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :5]
        right = (best == self.labels[:, None]).any(axis=1)
        return int(right.sum()), len(right)

    def metrics(self) -> dict[str, dict]:
        """Entries of results.json, `top1` and `top5`: value, n, ci95."""
        return {
            name: {
                "value": right / total,
                "n": total,
                "ci95": list(wilson_interval(right, total)),
            }
            for name, (right, total) in (
                ("top1", self.top1()),
                ("top5", self.top5()),
            )
        }

    def per_class(self, classes: list[str]) -> dict[str, dict]:
        """`{class: {"value", "n"}}`, top-1 of the videos of each class."""
        right = self.right()
        return {
            name: {
                "value": float(right[self.labels == i].mean()),
                "n": int((self.labels == i).sum()),
            }
            for i, name in enumerate(classes)
            if (self.labels == i).any()
        }

    def of(self, ids: Iterable[str]) -> "Scores":
        """The scores of the videos among `ids`, in their own order."""
        kept = np.isin(self.ids, list(ids))
        return Scores(
            self.ids[kept], self.labels[kept], self.probabilities[kept]
        )

    def by_id(self) -> "Scores":
        """The same scores, sorted by id."""
        order = np.argsort(self.ids)
        return Scores(
            self.ids[order], self.labels[order], self.probabilities[order]
        )

    def right(self) -> np.ndarray:
        """`[videos]` bool: the highest score is the label's."""
        # argmax takes NaN for the highest; an answer of NaN is not right.
        known = np.isfinite(self.probabilities).all(axis=1)
        return known & (self.probabilities.argmax(axis=1) == self.labels)

    def save(self, path: Path) -> str:
        """Writes an `.npz`; returns its SHA-256."""
        content = io.BytesIO()
        np.savez_compressed(content, **dataclasses.asdict(self))
        write_atomically(path, content.getvalue())
        return hashlib.sha256(content.getvalue()).hexdigest()

    @classmethod
    def load(cls, path: Path, sha256: str | None = None) -> "Scores":
        """Reads what `save` wrote.

        Args:
          path: of the file.
          sha256: what `save` returned; None: not known.

        Raises:
          UserError: it is not there, or something else.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        try:
            content = to_path(path).read_bytes()
            if sha256 not in (None, hashlib.sha256(content).hexdigest()):
                raise ValueError("not what was written there")
            arrays = np.load(io.BytesIO(content))
            scores = cls(**{name: arrays[name] for name in names})
            if not (
                scores.probabilities.ndim == 2
                and scores.ids.shape
                == scores.labels.shape
                == scores.probabilities.shape[:1]
            ):
                raise ValueError("ids, labels and probabilities do not match")
        except FileNotFoundError as error:
            raise UserError(f"There is no file {path}.") from error
        except Exception as error:  # zipfile's, zlib's and NumPy's are many.
            raise UserError(
                f"{path} holds no scores: it is none of a run's "
                f"scores/ROLE-SPLIT.npz, or not whole ({error})."
            ) from error
        return scores


def softmax(logits: np.ndarray) -> np.ndarray:
    """`[videos, classes]` probabilities in float64."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    exponents = np.exp(shifted)
    return exponents / exponents.sum(axis=1, keepdims=True)


def average(*scores: Scores) -> Scores:
    """Mean of the soft-max scores, the paper's way to fuse (section 5.3).

    Raises:
      ValueError: the videos or their order differ.
    """
    first = scores[0]
    if any(not np.array_equal(first.ids, s.ids) for s in scores):
        raise ValueError("The scores are not of the same videos.")
    mean = np.mean([s.probabilities for s in scores], axis=0)
    return Scores(first.ids, first.labels, mean)


def percent(entry: dict) -> str:
    """A share of results.json with its interval: `36.2 % [34.1, 38.4]`."""
    low, high = (100 * bound for bound in entry["ci95"])
    return f"{100 * entry['value']:.1f} % [{low:.1f}, {high:.1f}]"


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); good for shares near 0 and 1."""
    if total == 0:
        return 0.0, 1.0
    z = 1.959963984540054
    share = right / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(
        share * (1 - share) / total + z * z / (4 * total * total)
    )
    scale = 1 + z * z / total
    return max(0.0, (centre - spread) / scale), min(
        1.0, (centre + spread) / scale
    )
