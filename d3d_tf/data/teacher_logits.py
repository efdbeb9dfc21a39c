"""A teacher's logits, kept: a student learns from them without its teacher.

Any framework can write them: a `.npz` file or a Parquet table with a row per
video, or per view of a video.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.names import one_form

WANTED = (
    "a .npz file with the arrays `ids` [rows] and `logits` [rows, classes], "
    "and best also `classes` [classes]; or a Parquet table with the columns "
    "`id` and `logits` (lists), and best also `classes`, a JSON list of names, "
    "in its metadata"
)

_PARQUET = (".parquet", ".pq")


@dataclasses.dataclass(frozen=True)
class TeacherLogits:
    """Logits of videos, by id.

    Attributes:
      ids: `[videos]` str, as `example/id` of the records.
      views: float32 `[videos, classes]` each; in memory, or of files that stay
        on the disk.
      drawn: whether view k is of the clips that the training draws in epoch k:
        then it draws them again in epoch k + K of K views.
    """

    ids: np.ndarray
    views: tuple[np.ndarray, ...]
    drawn: bool = False

    def epoch(self, epoch):
        """The epoch whose draw is trained on: of K drawn views below K."""
        return epoch % len(self.views) if self.drawn else epoch

    def lookup(self) -> Callable[[Any, Any], Any]:
        """What gives the logits of a batch, in a graph.

        From ids, string `[batch]`, and epochs, integer `[batch]`, to float32
        `[batch, classes]`; of videos that are not there they are NaN.
        """
        places = {id_: place for place, id_ in enumerate(self.ids.tolist())}
        classes = self.views[0].shape[1]

        def read(ids, epochs) -> np.ndarray:
            found = np.full([len(ids), classes], np.nan, np.float32)
            for i, (id_, epoch) in enumerate(zip(ids, epochs, strict=True)):
                place = places.get(id_.decode())
                if place is not None:
                    found[i] = self.views[epoch % len(self.views)][place]
            return found

        def of(ids, epochs):
            found = tf.numpy_function(read, (ids, epochs), tf.float32)
            return tf.ensure_shape(found, [None, classes])

        return of

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those of some ids that are not there."""
        known = set(self.ids.tolist())
        return [id_ for id_ in ids if id_ not in known]


def read_logits(path: str | Path, classes: list[str]) -> TeacherLogits:
    """Reads a file of logits; of several rows of a video, the mean.

    Args:
      path: of a `.npz` file, or of a Parquet table.
      classes: of the records. The file's are brought into their order by name;
        where it has no names, it must have as many, in the same order.

    Raises:
      UserError: it cannot be read, or a class of the records is not in it.
    """
    path = Path(path)
    parquet = path.suffix.lower() in _PARQUET
    try:
        ids, logits, names = (_of_parquet if parquet else _of_npz)(path)
        # Of an array of objects, too, or of rows of several lengths.
        ids = np.asarray(ids, str)
        logits = np.asarray(logits, np.float32)
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except Exception as error:  # Those of zipfile, NumPy and Arrow are many.
        text = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path} holds no logits ({text}): expected {WANTED}."
        ) from error
    if ids.ndim != 1 or logits.ndim != 2 or len(ids) != len(logits):
        raise UserError(
            f"{path} has ids of the shape {list(ids.shape)} and logits of "
            f"{list(logits.shape)}: expected {WANTED}."
        )
    if not (len(ids) and np.isfinite(logits).all()):
        raise UserError(f"{path} is empty, or has logits that are not finite.")
    logits = logits[:, _order(path, logits.shape[1], names, classes)]
    unique, where, counts = np.unique(
        ids, return_inverse=True, return_counts=True
    )
    sums = np.zeros([len(unique), logits.shape[1]])
    np.add.at(sums, where, logits)
    return TeacherLogits(
        unique, (np.asarray(sums / counts[:, None], np.float32),)
    )


def _order(
    path: Path, count: int, names: list[str] | None, classes: list[str]
) -> list[int]:
    """The file's column of each class of the records."""
    if names is None:
        if count != len(classes):
            raise UserError(
                f"{path} has {count} logits per row and no `classes`, the "
                f"records have {len(classes)} classes."
            )
        return list(range(count))
    places = {one_form(name): i for i, name in enumerate(names)}
    if len(names) != count or len(places) != count:
        raise UserError(
            f"{path} names {len(places)} different classes and has {count} "
            "logits per row."
        )
    missing = [name for name in classes if name not in places]
    if missing:
        raise UserError(
            f"{path} has no logits for {len(missing)} of the records' "
            f"{len(classes)} classes, such as {missing[0]!r}; it has "
            f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}."
        )
    return [places[name] for name in classes]


def _of_npz(path: Path) -> tuple[Any, Any, list[str] | None]:
    with np.load(path) as arrays:
        names = None
        if "classes" in arrays:
            names = [str(name) for name in arrays["classes"]]
        return arrays["ids"], arrays["logits"], names


def _of_parquet(path: Path) -> tuple[Any, Any, list[str] | None]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, columns=["id", "logits"])
    written = (table.schema.metadata or {}).get(b"classes")
    names = None if written is None else json.loads(written)
    return table["id"].to_pylist(), table["logits"].to_pylist(), names
