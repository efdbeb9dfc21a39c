"""After an error of reading or decoding: which record it was."""

import contextlib
from collections.abc import Iterable, Iterator

import tensorflow as tf
from tqdm import tqdm

from d3d_tf.data.dataset import Dataset
from d3d_tf.data.shards import records_of
from d3d_tf.data.soundness import pixel_problem
from d3d_tf.errors import UserError


@contextlib.contextmanager
def naming_damage(dataset: Dataset, split: str) -> Iterator[None]:
    """Errors of TensorFlow that a record of the split causes name it.

    The graph that reads does not know where a record came from. So the split
    is read again, up to the first record that cannot be used.

    Raises:
      UserError: with the file and the number of the record.
    """
    try:
        yield
    except (
        tf.errors.DataLossError,
        tf.errors.InvalidArgumentError,
        tf.errors.NotFoundError,
    ) as error:
        found = find_damage(dataset.shards(split))
        if not found:
            raise
        raise UserError(
            f"{found}. Remove or mend it; --mode=doctor --sample=0 finds all "
            "such records."
        ) from error


def find_damage(paths: Iterable[str]) -> str | None:
    """The first record that cannot be decoded, and why; None: there is none."""
    for path in tqdm(paths, unit="file", desc="looking for the record"):
        for number, record in records_of(path):
            problem = (
                record if isinstance(record, str) else pixel_problem(record)
            )
            if problem:
                return f"{path}, record {number}, {problem}"
    return None
