"""Checks whether a record can be used: its keys, and its pictures."""

import re

import tensorflow as tf
from google.protobuf.message import DecodeError

from d3d_tf import schema
from d3d_tf.data.parse_foreign import LABEL_TEXT, NAMES

# The field of `tf.train.Feature` that holds the values.
_KINDS = {
    **dict.fromkeys(
        (schema.EXAMPLE_ID, *NAMES, schema.LABEL_STRING, LABEL_TEXT),
        "bytes_list",
    ),
    schema.LABEL_INDEX: "int64_list",
    schema.CLIP_START: "int64_list",
    schema.CLIP_END: "int64_list",
    schema.IMAGE_RATE: "float_list",
}
_WANTED = (
    f"write a tf.train.SequenceExample with a feature list "
    f"{schema.IMAGE_ENCODED!r}, one feature per frame, each with one JPEG"
)
# Start of frame: its segment tells the size (ISO/IEC 10918-1, table B.1).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_END = b"\xff\xd9"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


def record_problem(record: bytes) -> str | None:
    """Why a record cannot be used, in words that follow "record 3"; or None.

    The header and the end of every picture are checked, and none is decoded;
    see `pixel_problem` for that.
    """
    try:
        example = tf.train.SequenceExample.FromString(record)
    except DecodeError:
        return f"is not a tf.train.SequenceExample: {_WANTED}"
    lists = example.feature_lists.feature_list
    if not lists and example.context.feature:
        # Both begin with the same field, so one can be read as the other.
        return (
            "is a tf.train.Example, or has no feature lists (it holds "
            f"{', '.join(sorted(example.context.feature)[:4])}): {_WANTED}"
        )
    if schema.IMAGE_ENCODED not in lists:
        there = ", ".join(sorted(lists)[:4])
        return (
            f"has no feature list {schema.IMAGE_ENCODED!r}; there is "
            f"{there or 'none at all'}: {_WANTED}"
        )
    return _context_problem(example) or _pictures_problem(
        [f.bytes_list.value for f in lists[schema.IMAGE_ENCODED].feature]
    )


def _context_problem(example) -> str | None:
    for key, kind in _KINDS.items():
        feature = example.context.feature.get(key)
        found = feature and feature.WhichOneof("kind")
        if not found:
            continue
        if found != kind:
            return f"has {key} as {found} and not as {kind}"
        for text in feature.bytes_list.value:
            try:
                lines = text.decode().splitlines()
            except UnicodeDecodeError:
                return f"has a {key} that is not UTF-8: {text[:40]!r}"
            if len(lines) > 1 and key in (schema.LABEL_STRING, LABEL_TEXT):
                return f"has a {key} with a line break: {lines[0]!r}, ..."
    return None


def _pictures_problem(frames: list) -> str | None:
    if not frames:
        return f"has no frame in {schema.IMAGE_ENCODED!r}"
    sizes: dict[tuple[int, int], int] = {}
    for number, values in enumerate(frames, start=1):
        if len(values) != 1:
            return (
                f"holds {len(values)} values in one feature of "
                f"{schema.IMAGE_ENCODED!r}: {_WANTED}"
            )
        try:
            sizes.setdefault(picture_size(values[0]), number)
        except ValueError as error:
            return f"has a damaged frame, {number} of {len(frames)}: {error}"
    if len(sizes) > 1:
        words = [f"{w} x {h} from frame {n}" for (w, h), n in sizes.items()]
        return (
            f"has frames of several sizes ({', '.join(words[:3])}): scale "
            "them to one before they are written"
        )
    return None


def picture_size(picture: bytes) -> tuple[int, int]:
    """Width and height that a JPEG or PNG states.

    Raises:
      ValueError: it is neither, or its end is missing; the text says which.
    """
    if picture.startswith(_PNG):
        size = _number(picture, 16, 4), _number(picture, 20, 4)
        whole = _PNG_END in picture
    elif picture.startswith(b"\xff\xd8\xff"):
        start = _jpeg_frame(picture)
        size = _number(picture, start + 7, 2), _number(picture, start + 5, 2)
        # An embedded preview has an end too, but comes before.
        whole = picture.find(_JPEG_END, start) > 0
    else:
        raise ValueError(
            f"neither JPEG nor PNG, it begins with {picture[:8]!r}"
        )
    if not all(size):
        raise ValueError("its header is damaged")
    if not whole:
        raise ValueError("it is cut off")
    return size


def _number(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(data[start : start + length], "big")


def _jpeg_frame(picture: bytes) -> int:
    """The offset of the segment that has the size."""
    place = 2
    while picture[place : place + 1] == b"\xff":
        marker = _number(picture, place + 1, 1)
        if marker in _JPEG_FRAMES:
            return place
        if marker == 0xFF:  # A fill byte.
            place += 1
        else:
            place += 2 + max(_number(picture, place + 2, 2), 2)
    raise ValueError("its header is damaged")


def pixel_problem(record: bytes) -> str | None:
    """As `record_problem`, from decoding every picture, flow's too."""
    problem = record_problem(record)
    if problem:
        return problem
    lists = tf.train.SequenceExample.FromString(
        record
    ).feature_lists.feature_list
    for key in (schema.IMAGE_ENCODED, schema.FLOW + schema.IMAGE_ENCODED):
        features = lists[key].feature if key in lists else ()
        for number, feature in enumerate(features, start=1):
            try:
                tf.io.decode_png(b"".join(feature.bytes_list.value), 3)
            except tf.errors.OpError as error:
                return (
                    f"has a damaged picture, {number} of {len(features)} of "
                    f"{key!r}: {words_of(error)}"
                )
    return None


def words_of(error: tf.errors.OpError) -> str:
    """The first line of TensorFlow's message, without names of its nodes."""
    text = str(error.message).strip().splitlines()[0]
    return re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", text)
