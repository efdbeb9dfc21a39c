"""What is kept of a network's outputs on a split; numpy only."""

import dataclasses
import hashlib
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np

from d3d_tf.atomic_files import to_path, write_atomically
from d3d_tf.errors import UserError
from d3d_tf.evaluation.metrics import Metric

_Same = TypeVar("_Same", bound="Scores")


@dataclasses.dataclass(frozen=True)
class Scores:
    """The answers of a network on a split; each task has its subclass.

    A subclass adds the field that `output` names.

    Attributes:
      ids: `[videos]` str.
      labels: `[videos, ...]`, the targets.
    """

    ids: np.ndarray
    labels: np.ndarray

    task: ClassVar[str] = ""
    """The name of the task in files; empty: that of files of earlier versions,
    which name none."""
    measures: ClassVar[dict[str, Metric]]
    """What `metrics` returns, by name; the first is that of the table, the
    report and comparisons."""
    averaged: ClassVar[str]
    """For people: what is averaged over views and networks, in the plural."""
    output: ClassVar[str]
    """The field with the answers, `[videos, ...]` float."""
    fuses: ClassVar[bool] = True
    """Whether answers of several networks can be averaged: all are kept."""
    judged: ClassVar[bool] = False
    """Whether answers are right or wrong, and labels are classes: then
    networks are compared video by video and class by class."""

    @staticmethod
    def prepared(outputs: np.ndarray) -> np.ndarray:
        """Outputs of the network to what is averaged, of the same length."""
        raise NotImplementedError

    def metrics(self) -> dict[str, dict]:
        """Entries of results.json: value, n, ci95 for each of `measures`."""
        raise NotImplementedError

    def right(self) -> np.ndarray:
        """`[videos]` bool: whether the answer is right; see `judged`."""
        raise NotImplementedError

    def per_class(self, classes: list[str]) -> dict[str, dict]:
        """`{class: {"value", "n"}}`, the headline of the videos of each class.

        Empty where videos do not have one class each.
        """
        return {}

    @classmethod
    def headline(cls) -> str:
        """The first of `measures`."""
        return next(iter(cls.measures))

    @classmethod
    def of_views(
        cls: type[_Same],
        ids: list[str],
        labels: np.ndarray,
        outputs: np.ndarray,
        views: int,
        pooling: str = "mean",
    ) -> _Same:
        """One answer for each video, whose views come one after another.

        Args:
          ids, labels, outputs: of each view.
          views: of each video.
          pooling: `mean` or `max` of the views' answers.
        """
        prepared = cls.prepared(outputs)
        by_view = prepared.reshape(-1, views, *prepared.shape[1:])
        pooled = (np.max if pooling == "max" else np.mean)(by_view, axis=1)
        return cls(
            np.array(ids[::views]), labels[::views], **{cls.output: pooled}
        )

    def answers(self) -> np.ndarray:
        """`[videos, ...]`: what the network answers, by video."""
        return getattr(self, self.output)

    def of(self: _Same, ids: Iterable[str]) -> _Same:
        """The scores of the videos among `ids`, in their own order."""
        return self.at(np.isin(self.ids, list(ids)))

    def by_id(self: _Same) -> _Same:
        """The same scores, sorted by id."""
        return self.at(np.argsort(self.ids))

    def at(self: _Same, places: np.ndarray) -> _Same:
        """The scores at these indices, in their order, or under a mask."""
        return type(self)(
            **{key: array[places] for key, array in self._arrays().items()}
        )

    def _arrays(self) -> dict[str, np.ndarray]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def fits(self) -> bool:
        """Whether the fields are of as many videos."""
        return len({len(array) for array in self._arrays().values()}) == 1

    def save(self, path: Path) -> str:
        """Writes an `.npz`; returns its SHA-256."""
        content = io.BytesIO()
        name = {"task": np.array(self.task)} if self.task else {}
        np.savez_compressed(content, **self._arrays(), **name)
        write_atomically(path, content.getvalue())
        return hashlib.sha256(content.getvalue()).hexdigest()


def load(
    path: Path,
    scores_of: Callable[[str], type[Scores]],
    sha256: str | None = None,
) -> Scores:
    """Reads what `Scores.save` wrote; see `d3d_tf.tasks.load_scores`.

    Args:
      path: of the file.
      scores_of: the class of a task, by the name in the file.
      sha256: what `save` returned; None: not known.

    Raises:
      UserError: it is not there, or something else.
    """
    try:
        content = to_path(path).read_bytes()
        if sha256 not in (None, hashlib.sha256(content).hexdigest()):
            raise ValueError("not what was written there")
        arrays = np.load(io.BytesIO(content))
        cls = scores_of(str(arrays["task"]) if "task" in arrays else "")
        names = [field.name for field in dataclasses.fields(cls)]
        scores = cls(**{name: arrays[name] for name in names})
        if not scores.fits():
            raise ValueError(
                f"{', '.join(names[:-1])} and {names[-1]} do not match"
            )
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except Exception as error:  # zipfile's, zlib's and NumPy's are many.
        raise UserError(
            f"{path} holds no scores: it is none of a run's "
            f"scores/ROLE-SPLIT.npz, or not whole ({error})."
        ) from error
    return scores


def average(*scores: _Same) -> _Same:
    """Mean of the answers, the paper's way to fuse networks (section 5.3).

    Raises:
      ValueError: the videos or their order differ.
      UserError: of each network only the best answers are kept.
    """
    first = scores[0]
    if not first.fuses:
        raise UserError(
            f"Only the best {first.averaged} of each video are kept: several "
            "networks of such videos cannot be fused."
        )
    if any(not np.array_equal(first.ids, s.ids) for s in scores):
        raise ValueError("The scores are not of the same videos.")
    mean = np.mean([s.answers() for s in scores], axis=0)
    return dataclasses.replace(first, **{first.output: mean})
