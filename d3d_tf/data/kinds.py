"""The table of the kinds of records: what differs by the tool that wrote them.

All kinds so far hold frames as pictures, which `one_clip` decodes.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from d3d_tf import schema
from d3d_tf.data.counted import Counted
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import parse
from d3d_tf.data.parse_foreign import parse_foreign
from d3d_tf.errors import UserError
from d3d_tf.tasks import task_of

Parser = Callable[[Any, tuple[str, ...]], dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class RecordKind:
    """How records become videos.

    Attributes:
      parser: makes, for a data set, what parses a record: `(record, streams)`
        to the asked streams, still encoded, with the video's `id`, its `label`
        (the target of the data set's task), its `length` in frames, and what
        else a draw needs; see `decode.parse`. Raises UserError if such records
        lack what the task needs.
    """

    parser: Callable[[Dataset], Parser]


def _videos(dataset: Dataset) -> Parser:
    task, count = dataset.task, len(dataset.classes)
    target = task_of(task).target
    if dataset.has_several_labels and not target.several:
        raise UserError(
            f"Videos of {dataset.folder} have several labels, and the task "
            f"{task} knows one: --set task=multilabel."
        )
    return lambda record, streams: parse(record, streams, target, count)


def _foreign(dataset: Dataset) -> Parser:
    task = dataset.task
    if task_of(task).target.several:
        raise UserError(
            f"Another tool wrote the records of {dataset.folder}, of whose "
            f"labels only the first is read; for the task {task} prepare the "
            "videos with --mode=prepare."
        )
    wanted = task_of(task).target.features().keys()
    if missing := sorted(wanted - {schema.LABEL_INDEX}):
        raise UserError(
            f"The task {task} needs {', '.join(missing)} in every record, but "
            f"another tool wrote the records of {dataset.folder}, and of its "
            "labels only the class is read: prepare the videos with "
            "--mode=prepare."
        )
    by_string = dataset.info["foreign"]["label_by_string"]
    classes = dataset.classes if by_string else None
    return lambda record, streams: parse_foreign(record, classes, task)


# By `Dataset.kind`.
KINDS = {"video": RecordKind(_videos), "foreign": RecordKind(_foreign)}


def reader(dataset: Dataset, split: str) -> Parser:
    """The parser of a split's records, which compares each with the manifest.

    Raises:
      UserError: see `Counted` and `RecordKind`.
    """
    parsed = KINDS[dataset.kind].parser(dataset)
    counted = Counted(dataset, split)

    def read(record: Any, streams: tuple[str, ...]) -> dict[str, Any]:
        return counted.require(parsed(record, streams), streams)

    return read
