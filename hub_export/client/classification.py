"""Asks a server what a video shows."""

import contextlib
import dataclasses
import time
import urllib.parse
from pathlib import Path
from typing import Any

import numpy as np

from d3d_tf.hub_export.client.errors import (
    ClientError,
    ServingError,
    UsageError,
)
from d3d_tf.hub_export.client.module_info import ModuleInfo
from d3d_tf.hub_export.client.retry import Deadline
from d3d_tf.hub_export.client.signature import (
    PROBABILITIES,
    Inputs,
    encoded_input,
)

# The name in the `models.config` that an export writes.
MODEL = "d3d"
# Of clips where nobody tells: the paper's (D3D, section 4; I3D, section 2).
FRAMES = 64
FRAME_RATE = 25.0
# By how much probabilities may miss 0 or the sum of 1: models that others
# made compute in half precision, too.
ROUNDING = 0.01
_EXAMINE = "; --mode=doctor --data=MODULE examines what it serves."


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a server says of a video.

    Attributes:
      probabilities: float64 `[classes]`, they sum to 1.
      labels: of the classes, in order.
      frames: how many were sent.
      assumed: what of `frames` and `frame_rate` nobody told, so that the
        paper's was taken.
      num_bytes: of the encoded frames together.
      seconds: from the request to the answer, decoding not included.
    """

    probabilities: np.ndarray
    labels: tuple[str, ...]
    frames: int
    assumed: tuple[str, ...]
    num_bytes: int
    seconds: float

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """The most probable classes, (label, probability), best first."""
        return best_of(self.probabilities, self.labels, count)


def best_of(
    probabilities: np.ndarray, labels: tuple[str, ...], count: int
) -> list[tuple[str, float]]:
    """The most probable classes, (label, probability), best first."""
    best = np.argsort(-probabilities, kind="stable")[:count]
    return [(labels[i], float(probabilities[i])) for i in best]


def classify(
    video: str | Path,
    server: str,
    *,
    model: str = MODEL,
    version: int | None = None,
    signature: str = "frames_encoded",
    info: ModuleInfo | None = None,
    deadline: float = 60.0,
    retries: int = 3,
) -> Answer:
    """Classifies the middle clip of a video by TensorFlow Serving.

    The frames travel as JPEGs; the module decodes, resizes and crops them.

    Args:
      video: a file that FFmpeg decodes.
      server: `grpc://HOST:PORT`, or `http://HOST:PORT` (or `https://`) for
        REST.
      model: its name in the server's models.config.
      version: of the model; None: the newest.
      signature: one that takes encoded frames, `[batch, time]` bytes.
      info: how the module wants the video sampled; see `read_module_info`.
      deadline: seconds for the whole, decoding and retries included.
      retries: further attempts after errors that pass (the server is not
        there, starts, or has too much to do).

    Returns:
      Probabilities with their labels.

    Raises:
      ServingError: the server, or the way to it; `code` says what.
      UsageError: what was given for `server` is no address of one, or for
        `version` no number of one.
      ClientError: the video, or what was given.
    """
    info = info or ModuleInfo()
    time_left = Deadline(deadline, retries)
    with contextlib.closing(connect(server, model, version)) as backend:
        # First, so that its errors do not come after the decoding.
        known = time_left.call(backend.signatures)
        model_input = encoded_input(
            known, signature, address=server, boxes=False
        )
        count = agreed_frames(info, model_input.frames, server)
        frames = sent_clip(video, info, count, time_left)
        answer, seconds = timed_answer(
            backend, signature, {model_input.key: frames}, time_left
        )
    scores = _checked(answer[PROBABILITIES], info, model_input.classes, server)
    settings = {"frames": count, "frame_rate": info.frame_rate}
    return Answer(
        probabilities=scores,
        labels=info.labels or tuple(f"class {i}" for i in range(len(scores))),
        frames=len(frames),
        assumed=tuple(k for k, value in settings.items() if value is None),
        num_bytes=sum(map(len, frames)),
        seconds=seconds,
    )


def timed_answer(
    backend: Any,
    signature: str,
    question: Inputs,
    time_left: Deadline,
    outputs: tuple[str, ...] = (PROBABILITIES,),
) -> tuple[dict[str, np.ndarray], float]:
    """What a server answers, by output, and after how many seconds.

    Raises:
      ServingError: the server, or the way to it.
    """
    start = time.monotonic()
    answer = time_left.call(
        lambda left: backend.predict(signature, question, left, outputs)
    )
    return answer, time.monotonic() - start


def sent_clip(
    video: str | Path, info: ModuleInfo, count: int | None, time_left: Deadline
) -> list[bytes]:
    """A video's middle clip, of the paper's length and rate if need be.

    Raises:
      ClientError: the file cannot be used.
    """
    # Here, as a wrong address is reported without PyAV and OpenCV.
    from d3d_tf.hub_export.client.clip import encoded_clip

    return encoded_clip(
        video,
        info,
        frames=count or FRAMES,
        frame_rate=info.frame_rate or FRAME_RATE,
        check=time_left.check,
    )


def agreed_frames(
    info: ModuleInfo, fixed: int | None, server: str
) -> int | None:
    """The number of frames that the signature or the module wants.

    Raises:
      ClientError: they want other ones.
    """
    if fixed and info.frames not in (None, fixed):
        raise ClientError(
            f"The model at {server} takes clips of {fixed} frames, and "
            f"{info.frames} were to be sent: is this its module.json?"
        )
    return fixed or info.frames


def connect(server: str, model: str, version: int | None):
    """The server, to be asked for a model; see `classify`.

    Raises:
      UsageError: as `classify`.
    """
    if version is not None and not 0 <= version < 2**63:
        raise UsageError(
            "--version is the number of a version folder, such as 1; got "
            f"{version}."
        )
    scheme = ""
    # Of a port that is none, too.
    with contextlib.suppress(ValueError):
        parts = urllib.parse.urlsplit(server)
        if parts.hostname and parts.port != 0:
            scheme = parts.scheme
    if scheme == "grpc":
        from d3d_tf.hub_export.client.grpc_server import GrpcServer

        return GrpcServer(server, model, version)
    if scheme in ("http", "https"):
        from d3d_tf.hub_export.client.rest_server import RestServer

        return RestServer(server, model, version)
    raise UsageError(
        "--server is grpc://HOST:PORT (8500) or http://HOST:PORT (8501); got "
        f"{server!r}."
    )


def _checked(
    scores: np.ndarray, info: ModuleInfo, classes: int | None, server: str
) -> np.ndarray:
    """The probabilities of the one clip that was sent."""
    said = f"The probabilities of {server} must be "
    count = scores.size
    if scores.shape != (1, count) or not count or not np.isfinite(scores).all():
        raise ServingError(
            f"{said}finite and of shape [1, classes]; got shape "
            f"{list(scores.shape)}, {scores.ravel()[:3]}{_EXAMINE}"
        )
    if classes not in (None, count):
        raise ServingError(
            f"{server} answered with {count} classes, and its metadata say "
            f"{classes}{_EXAMINE}"
        )
    with np.errstate(over="ignore"):  # Of what is refused below.
        total = scores.sum()
    if scores.min() < -ROUNDING or abs(total - 1) > ROUNDING:
        raise ServingError(
            f"{said}in [0, 1] and sum to 1; got {scores.min():g} to "
            f"{scores.max():g}, of sum {total:g}{_EXAMINE}"
        )
    if info.labels and len(info.labels) != count:
        raise ClientError(
            f"The model at {server} has {count} classes and there are "
            f"{len(info.labels)} labels: they are those of another module."
        )
    return scores[0]
