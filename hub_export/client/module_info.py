"""What a module wants to see, which no server's metadata tells."""

import dataclasses
import hashlib
import math
from pathlib import Path

from d3d_tf.hub_export.client.bounded import (
    file_content,
    number,
    parsed,
    whole,
)
from d3d_tf.hub_export.client.errors import ClientError, printable
from d3d_tf.sealed import unsealed

# Of a clip; modules take 16 times the frames that they were trained on.
MOST_FRAMES = 10_000
SAMPLINGS = ("dense", "segments")
# The kind of a module whose input is features of frames, not frames.
OF_FEATURES = "classification_of_features"
# Of a video's frames in memory, if they are square: 10 s of 60 per second with
# 1545 pixels.
MOST_BYTES_KEPT = 2**32


@dataclasses.dataclass(frozen=True)
class ModuleInfo:
    """How a video is sampled and what the classes are called.

    Attributes:
      frames: of a clip; None: not known.
      frame_rate: of the clip, in frames per second; None: not known. With
        segments: that at which a video is read.
      stride: every how many-th frame of a video is in the clip, where it is
        read at `stride` times `frame_rate`: which frames are in the middle.
      sampling: `dense`, successive frames in the middle, or `segments`, the
        middle frame of each of `frames` equal parts of a video.
      short_side: shorter side of the frames that are sent, in pixels.
      size: of the square in their middle that the network sees; None: it is
        a detector's, or not known, and whole frames are sent.
      jpeg_quality: of what is sent; None: see `encoded_clip`.
      max_seconds: the clip is in the middle of the first so many seconds, as
        records keep no more.
      square_pixels: whether pixels of another aspect than 1 become square, as
        in the records that the module was trained on.
      labels: of the classes in order; none: they are numbers.
      detects: whether it is a detector, whose clip is around a keyframe.
      of_features: whether it takes features of frames, as YouTube-8M's, of up
        to `frames` frames.
    """

    frames: int | None = None
    frame_rate: float | None = None
    stride: int = 1
    sampling: str = "dense"
    short_side: int = 256
    size: int | None = None
    jpeg_quality: int | None = None
    max_seconds: float = 10.0
    square_pixels: bool = True
    labels: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    detects: bool = False
    of_features: bool = False

    def __post_init__(self):
        valid = (
            (self.frames is None or 1 <= self.frames <= MOST_FRAMES)
            and (self.frame_rate is None or 0 < self.frame_rate < math.inf)
            and self.stride >= 1
            and self.sampling in SAMPLINGS
            and (self.size is None or self.size >= 1)
            and self.short_side >= (self.size or 1)
            and (self.jpeg_quality is None or 1 <= self.jpeg_quality <= 100)
            and 0 < self.max_seconds < math.inf
        )
        if not valid:
            raise ClientError(
                "frames, frame_rate, stride and max_seconds must be above 0 "
                f"and finite, sampling one of {', '.join(SAMPLINGS)}, "
                "jpeg_quality between 1 and 100 and short_side at least size, "
                f"frames at most {MOST_FRAMES}; got {self}."
            )
        rate = self.stride * (self.frame_rate or 1)
        if 3 * self.short_side**2 * rate * self.max_seconds > MOST_BYTES_KEPT:
            raise ClientError(
                "A video in this size and at this rate needs over "
                f"{MOST_BYTES_KEPT >> 30} GB of memory; got {self}."
            )


def description_of(module: str | Path) -> Path:
    """The module.json of a version folder, or of its own path."""
    path = Path(module)
    return path / "module.json" if path.is_dir() else path


def read_module_info(
    path: str | Path, *, check_labels: bool = True
) -> ModuleInfo:
    """Reads a module's description.

    Args:
      path: the version folder of a module, or its module.json; labels are
        those of `assets/labels.txt` beside it, if it is there.
      check_labels: whether they must be those that were exported.

    Raises:
      ClientError: it cannot be read or is none, or has other labels.
    """
    file = description_of(path)
    try:
        content = unsealed(parsed(file_content(file)))
        given = content["input"]
        if content.get("kind") == OF_FEATURES:
            info = ModuleInfo(frames=whole(given["longest"]), of_features=True)
        else:
            info = _of_clips(content, given)
    except (
        *(OSError, KeyError, TypeError, ValueError, OverflowError),
        *(AttributeError, ClientError),
    ) as error:
        lacking = "it lacks " if isinstance(error, KeyError) else ""
        raise ClientError(
            f"{file} cannot be read as the description of a module "
            f"({lacking}{printable(str(error))}). Give the version folder that "
            "--mode=export wrote, such as runs/toy/export/1."
        ) from error
    file = file.parent / "assets" / "labels.txt"
    labels = read_labels(file) if file.exists() else ()
    promised = content.get("labels_sha256") if labels and check_labels else None
    if promised not in (None, _sha256(labels)):
        raise ClientError(
            f"{file} does not hold the classes that were exported, in the "
            "order of the logits (its SHA-256 is not that of module.json): "
            "copy the module again."
        )
    return dataclasses.replace(info, labels=labels)


def _of_clips(content: dict, clip: dict) -> ModuleInfo:
    # A detector sees whole frames.
    size = None if clip["size"] is None else whole(clip["size"])
    short_side = clip.get("short_side") or content.get("short_side") or size
    rate = content.get("frame_rate")
    # Modules of before kept stored pixels and do not say so.
    square_pixels = content.get("square_pixels", False)
    if type(square_pixels) is not bool:
        raise TypeError(f"{square_pixels!r} must be true or false")
    return ModuleInfo(
        frames=whole(clip["frames"]),
        frame_rate=None if rate is None else number(rate),
        stride=whole(content.get("stride", 1)),
        sampling=content.get("sampling", SAMPLINGS[0]),
        short_side=whole(short_side),
        size=size,
        square_pixels=square_pixels,
        detects=content.get("kind") == "detection",
    )


def _sha256(labels: tuple[str, ...]) -> str:
    """Of the file that the export wrote."""
    lines = "".join(f"{label}\n" for label in labels)
    return hashlib.sha256(lines.encode()).hexdigest()


def read_labels(path: str | Path) -> tuple[str, ...]:
    """The lines of a file, one class each; the order is the label.

    Blank lines at the end are not classes.

    Raises:
      ClientError: it cannot be read, or there are none.
    """
    try:
        # Some editors mark UTF-8 by three bytes at its beginning.
        text = file_content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ClientError(
            f"The labels cannot be read: {path}, line {line}, is not UTF-8."
        ) from error
    except (OSError, ValueError) as error:
        raise ClientError(
            f"The labels cannot be read from {path}: {error}."
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    labels = tuple(text.rstrip("\n").split("\n")) if text.strip() else ()
    if not labels:
        raise ClientError(f"There is no label in {path}.")
    return labels
