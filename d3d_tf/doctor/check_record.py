"""One record against the schema and against its data set."""

import collections
import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config import digest
from d3d_tf.data.dataset import Dataset
from d3d_tf.tasks import task_of

# By the field of `tf.train.Feature` that holds them; one value each. A value
# of None may be anything.
_TEXTS = {
    schema.EXAMPLE_ID: None,
    schema.DATASET_NAME: None,
    schema.DATA_PATH: None,
    schema.MEDIA_ID: None,
    schema.LABEL_STRING: None,
    schema.IMAGE_FORMAT: b"JPEG",
    schema.IMAGE_COLORSPACE: b"RGB",
    schema.FLOW + schema.IMAGE_FORMAT: b"PNG",
    schema.FLOW_RECIPE: None,
}
_INTEGERS = {
    schema.LABEL_INDEX: None,
    schema.CLIP_START: None,
    schema.CLIP_END: None,
    schema.IMAGE_CHANNELS: 3,
    schema.IMAGE_HEIGHT: None,
    schema.IMAGE_WIDTH: None,
    schema.FLOW + schema.IMAGE_CHANNELS: 3,
    schema.FLOW + schema.IMAGE_HEIGHT: None,
    schema.FLOW + schema.IMAGE_WIDTH: None,
    schema.SCHEMA_KEY: schema.SCHEMA_VERSION,
    schema.LAST_FLOW_REPEATED: 1,
}
_FLOATS = (
    schema.IMAGE_RATE,
    schema.FLOW + schema.IMAGE_RATE,
    schema.FLOW_SATURATION,
)
_FRAMES, _TIMES = schema.IMAGE_ENCODED, schema.IMAGE_TIMESTAMP
_LABELS = (schema.LABEL_INDEX, schema.LABEL_STRING)
# How a whole JPEG and PNG file begin and end.
_JPEG = b"\xff\xd8", b"\xff\xd9"
_PNG = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


@dataclasses.dataclass(frozen=True)
class Record:
    """What is known of a record without decoding its pictures.

    Attributes:
      id, label: of its context; None if they are not there.
      frames: number of RGB frames.
      shard: name of its file.
      repeated: share of the frames that show the same as the one before.
      problems: in words, by check: `schema`, `labels`, `flow`, `pictures`.
    """

    id: str | None
    label: int | None
    frames: int
    shard: str
    repeated: float
    problems: dict[str, list[str]]


class Expected:
    """What dataset.json promises of every record."""

    def __init__(self, dataset: Dataset):
        self.classes = dataset.classes
        self.several_labels = dataset.has_several_labels
        # On which nobody may do anything.
        self.keyframes = dataset.has_keyframes
        self.target = task_of(dataset.task).target
        identity = dataset.flow
        self.prefixes = ("", schema.FLOW) if identity else ("",)
        # A set that was made by two versions of a library names both; each
        # record has the digest of its own.
        self.flow_recipes = {
            digest(identity | {"library": library}).encode()
            for library in identity.get("library", "").split(" and ")
        }
        data, flow = (dataset.info["recipe"][key] for key in ("data", "flow"))
        self.short_side = data["short_side"]
        self.floats = dict(
            zip(
                _FLOATS,
                (data["frame_rate"], data["frame_rate"], flow["saturation"]),
                strict=True,
            )
        )


def check_record(
    example: tf.train.SequenceExample, shard: str, expected: Expected
) -> Record:
    """Looks at everything but the pixels."""
    problems: dict[str, list[str]] = collections.defaultdict(list)
    context = _context(example, expected, problems["schema"])
    lists = {
        key: example.feature_lists.feature_list[key].feature
        for prefix in expected.prefixes
        for key in (prefix + _FRAMES, prefix + _TIMES)
        if key in example.feature_lists.feature_list
    }
    _check_lists(lists, expected.prefixes, problems)
    words = expected.target.contradiction(example.context, expected.classes)
    if words:
        problems["labels"].append(words)
    recipe = context.get(schema.FLOW_RECIPE)
    if recipe is not None and recipe not in expected.flow_recipes:
        problems["flow"].append(
            f"its flow was made by the recipe {recipe.decode()}"
        )
    id_ = context.get(schema.EXAMPLE_ID)
    return Record(
        None if id_ is None else id_.decode(),
        context.get(schema.LABEL_INDEX, -1 if expected.keyframes else None),
        len(lists.get(_FRAMES, ())),
        shard,
        _repeated(lists.get(_FRAMES, ())),
        {check: words for check, words in problems.items() if words},
    )


def _context(example, expected: Expected, problems: list[str]) -> dict:
    """Values by key, of keys that are there as they should."""
    wanted: list[tuple[str, Mapping]] = [
        ("bytes_list", _TEXTS),
        ("int64_list", _INTEGERS),
        ("float_list", expected.floats),
    ]
    found: dict[str, Any] = {}
    for field, keys in wanted:
        for key, right in keys.items():
            if _is_of_flow(key) and schema.FLOW not in expected.prefixes:
                continue
            if key not in example.context.feature:
                problems.append(f"no {key}")
                continue
            values = getattr(example.context.feature[key], field).value
            several = expected.several_labels and key in _LABELS
            if not values and several and expected.keyframes:
                continue
            if len(values) != 1 and not (several and values):
                problems.append(f"{key} is not one value of {field}")
                continue
            found[key] = values[0]
            # Floats are stored in 32 bits.
            if right is not None:
                same = (
                    values[0] == np.float32(right)
                    if field == "float_list"
                    else values[0] == right
                )
                if not same:
                    problems.append(f"{key} is {values[0]!r} and not {right!r}")
    for prefix in expected.prefixes:
        sides = [
            found[prefix + key]
            for key in (schema.IMAGE_HEIGHT, schema.IMAGE_WIDTH)
            if prefix + key in found
        ]
        if len(sides) == 2 and min(sides) != expected.short_side:
            problems.append(
                f"{prefix}image has {sides[0]} x {sides[1]} pixels and not "
                f"{expected.short_side} on the short side"
            )
    return found


def _repeated(features) -> float:
    """The share of JPEGs that equal the one before; their flow is 0."""
    frames = [b"".join(feature.bytes_list.value) for feature in features]
    pairs = list(itertools.pairwise(frames))
    return sum(a == b for a, b in pairs) / max(len(pairs), 1)


def _is_of_flow(key: str) -> bool:
    return key.startswith(schema.FLOW) or key in (
        schema.FLOW_RECIPE,
        schema.LAST_FLOW_REPEATED,
    )


def _check_lists(
    lists: dict, prefixes: tuple[str, ...], problems: dict[str, list[str]]
) -> None:
    """Lengths, times, and whether pictures are whole files."""
    for key in (p + name for p in prefixes for name in (_FRAMES, _TIMES)):
        if not lists.get(key):
            problems["schema"].append(f"no {key}")
            return
    lengths = {key: len(features) for key, features in lists.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{n} {key}" for key, n in lengths.items())
        problems["schema"].append(f"lists of several lengths: {counts}")
        return
    times = [
        [feature.int64_list.value[:1] for feature in lists[prefix + _TIMES]]
        for prefix in prefixes
    ]
    if times[0] != times[-1]:
        problems["schema"].append("frames and flow have other timestamps")
    flat = [time for values in times[0] for time in values]
    if len(flat) < len(times[0]) or (np.diff(flat) <= 0).any():
        problems["schema"].append("timestamps do not increase")
    kinds = {"": ("JPEG", _JPEG), schema.FLOW: ("PNG", _PNG)}
    for prefix in prefixes:
        key, (kind, (begin, end)) = prefix + _FRAMES, kinds[prefix]
        broken = sum(
            not (picture.startswith(begin) and picture.endswith(end))
            for feature in lists[key]
            for picture in [b"".join(feature.bytes_list.value)]
        )
        if broken:
            problems["pictures"].append(
                f"{broken} of {lengths[key]} {key} are no whole {kind}"
            )
