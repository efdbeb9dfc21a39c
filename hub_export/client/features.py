"""Asks a server what the videos of a file of YouTube-8M's features show."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError

from d3d_tf.hub_export.client.classification import (
    MODEL,
    best_of,
    connect,
    timed_answer,
)
from d3d_tf.hub_export.client.errors import ClientError, ServingError, printable
from d3d_tf.hub_export.client.example import FEATURES_SIGNATURE
from d3d_tf.hub_export.client.messages import SequenceExample
from d3d_tf.hub_export.client.module_info import ModuleInfo
from d3d_tf.hub_export.client.retry import Deadline
from d3d_tf.hub_export.client.signature import (
    FEATURES,
    NUM_FRAMES,
    PROBABILITIES,
    feature_input,
)

# Of frames that are sent where nobody tells.
_MOST_FRAMES = 300
# Of a record, what a frame's bytes are in, one after the other; features of
# one's own may be without sound.
_PICTURES, _SOUND = "rgb", "audio"
# TFRecord: a length and its checksum; a checksum after the record.
_HEADER, _FOOTER = 12, 4


@dataclasses.dataclass(frozen=True)
class FeatureAnswer:
    """What a server says of a video of features.

    Attributes:
      video: its id.
      probabilities: float64 `[classes]`, each by itself.
      labels: of the classes, in order.
      frames: how many were sent.
    """

    video: str
    probabilities: np.ndarray
    labels: tuple[str, ...]
    frames: int

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """The most probable classes, (label, probability), best first."""
        return best_of(self.probabilities, self.labels, count)


def classify_features(
    path: str | Path,
    server: str,
    *,
    model: str = MODEL,
    version: int | None = None,
    signature: str = FEATURES_SIGNATURE,
    info: ModuleInfo | None = None,
    deadline: float = 60.0,
    retries: int = 3,
) -> Iterator[FeatureAnswer]:
    """Classifies each video of a file; the bytes travel as they are stored.

    Args:
      path: a frame-level TFRecord file of YouTube-8M's.
      signature: one that takes uint8 `features` and `num_frames`.
      deadline: seconds for each video, retries included.
      server, model, version, info, retries: as of `classification.classify`.

    Raises:
      ServingError, UsageError, ClientError: as there.
    """
    info = info or ModuleInfo()
    longest = info.frames or _MOST_FRAMES
    with contextlib.closing(connect(server, model, version)) as backend:
        known = Deadline(deadline, retries).call(backend.signatures)
        taken = feature_input(known, signature, address=server)
        for video, features in stored_features(path):
            sent = features[:longest]
            answer, _ = timed_answer(
                backend,
                signature,
                {FEATURES: sent, NUM_FRAMES: np.array(len(sent), np.int32)},
                Deadline(deadline, retries),
            )
            found = _checked(answer[PROBABILITIES], taken.classes, info, server)
            labels = info.labels or tuple(
                f"class {i}" for i in range(len(found))
            )
            yield FeatureAnswer(video, found, labels, len(sent))


def stored_features(path: str | Path) -> Iterator[tuple[str, np.ndarray]]:
    """The id of each video of a file, and uint8 `[frames, N]`.

    Raises:
      ClientError: the file is not whole, or is something else.
    """
    for number, record in enumerate(_records(path), 1):
        try:
            yield _parsed(record)
        except (DecodeError, ValueError) as error:
            raise ClientError(
                f"{path}, record {number}, is not a video of YouTube-8M's "
                f"frame-level features ({printable(str(error))})."
            ) from error


def _records(path: str | Path) -> Iterator[bytes]:
    """The records of a file; checksums are not verified."""
    try:
        with open(path, "rb") as file:
            left, count = os.fstat(file.fileno()).st_size, 0
            while left or not count:
                length = int.from_bytes(file.read(_HEADER)[:8], "little")
                # Before memory is taken for it.
                left -= _HEADER + length + _FOOTER
                if left < 0:
                    raise ClientError(
                        f"{path} is not a whole file of YouTube-8M's records, "
                        f"such as train0000.tfrecord: it ends in record "
                        f"{count + 1}. For videos, features must be extracted "
                        "first, see docs/youtube8m.md."
                    )
                yield file.read(length)
                file.read(_FOOTER)
                count += 1
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error}.") from error


def _parsed(record: bytes) -> tuple[str, np.ndarray]:
    video = SequenceExample.FromString(record)
    names = [
        name.decode(errors="replace")
        for key in ("id", "video_id")
        for name in video.context.feature[key].bytes_list.value
    ]
    lists = video.feature_lists.feature_list
    parts = [
        [b"".join(frame.bytes_list.value) for frame in lists[name].feature]
        for name in (_PICTURES, _SOUND)
        if name == _PICTURES or name in lists
    ]
    for rows in parts:
        if not rows or not rows[0]:
            raise ValueError("it has no frames")
        if len({len(row) for row in rows}) > 1:
            raise ValueError("its frames are not all of as many bytes")
    if len(parts[0]) != len(parts[-1]):
        raise ValueError("not as many frames as sounds")
    arrays = [
        np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
        for rows in parts
    ]
    return "".join(names), np.concatenate(arrays, axis=1)


def _checked(
    scores: np.ndarray, classes: int | None, info: ModuleInfo, server: str
) -> np.ndarray:
    """The probabilities of the one video that was sent."""
    good = scores.shape == (1, classes or scores.size)
    # NaN is in no range.
    if not good or not ((scores >= 0) & (scores <= 1)).all():
        raise ServingError(
            f"{server} must answer with probabilities [1, {classes or 'N'}] "
            f"from 0 to 1; got {list(scores.shape)}, {scores.ravel()[:3]}."
        )
    if info.labels and len(info.labels) != scores.size:
        raise ClientError(
            f"The model at {server} has {scores.size} classes and there are "
            f"{len(info.labels)} labels: they are those of another module."
        )
    return scores[0]
