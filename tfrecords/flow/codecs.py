"""Decodes flow that other tools have written as pictures or arrays.

px per frame = (code - offset) * scale; for a tool whose bound is b pixels:

    d3d_tf      round(127 v / b) + 128                b / 127     128
    denseflow   round(255 (v + b) / 2b)               2b / 255    127.5
    dense_flow  the same (TSN's tool)                 2b / 255    127.5
    mmaction2   floor(255 (v + b) / 2b)               2b / 255    127
    mars        the same                              2b / 255    127
    i3d         float v / b, -1..1 (kinetics-i3d)     b           0
    pixels      float v                               1           0

A code that was rounded down stands for the middle of its step, hence 127: where
nothing moves, mmaction2 and MARS write 127, which is 0 px. denseflow rounds
127.5 to 128, so its codes give 0.08 px there (b = 20).
"""

import re
from pathlib import Path

import cv2
import numpy as np

from d3d_tf.errors import UserError

# Name: (scale for a bound of 1 px, offset); `pixels` has no bound.
CODECS = {
    "d3d_tf": (1 / 127, 128.0),
    "denseflow": (2 / 255, 127.5),
    "dense_flow": (2 / 255, 127.5),
    "mmaction2": (2 / 255, 127.0),
    "mars": (2 / 255, 127.0),
    "i3d": (1.0, 0.0),
    "pixels": (1.0, 0.0),
}
_ACROSS = re.compile(r"(?:^|(?<=_))[xu](?=_?\d+\.)")


def decode_codes(
    codes: np.ndarray, codec: str, bound: float = 20.0
) -> np.ndarray:
    """Turns codes of another tool into flow.

    Args:
      codes: `[..., 2]` of any number type, (u, v).
      codec: one of `CODECS`.
      bound: the pixels per frame at which the tool clipped; not used for
        `pixels`.

    Returns:
      float32 `[..., 2]`, pixels per frame.

    Raises:
      UserError: no such codec.
    """
    if codec not in CODECS:
        raise UserError(
            f"No flow codec is called {codec!r}; known: {', '.join(CODECS)}."
        )
    scale, offset = CODECS[codec]
    if codec != "pixels":
        scale *= bound
    return (codes.astype(np.float32) - np.float32(offset)) * np.float32(scale)


def import_flow(
    path: str | Path, codec: str, bound: float = 20.0
) -> np.ndarray:
    """Reads the flow of one video from an array or a folder of pictures.

    Args:
      path: an `.npy` file `[pairs, height, width, 2]`, or a folder of grey
        pictures in pairs such as `flow_x_00001.jpg` and `flow_y_00001.jpg`
        (also `x_`/`y_`, `u_`/`v_`), in the order of their numbers.
      codec: one of `CODECS`.
      bound: see `decode_codes`.

    Returns:
      float32 `[pairs, height, width, 2]`, pixels per frame.

    Raises:
      UserError: there is no flow, a picture lacks its partner or is damaged,
        or the array has another shape.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} is missing.")
    if path.is_dir():
        return decode_codes(_read_pictures(path), codec, bound)
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not an .npy file: {error}") from error
    if array.ndim != 4 or array.shape[-1] != 2:
        raise UserError(
            f"{path} must hold [pairs, height, width, 2]; got {array.shape}."
        )
    if not np.isfinite(array).all():
        raise UserError(f"{path} holds values that are not finite.")
    return decode_codes(array, codec, bound)


def _read_pictures(folder: Path) -> np.ndarray:
    horizontal = sorted(
        (p for p in folder.iterdir() if _ACROSS.search(p.name)), key=_number
    )
    if not horizontal:
        raise UserError(
            f"{folder} holds no flow pictures: names such as flow_x_00001.jpg "
            "were expected."
        )
    pictures = [[_read(p), _read(_partner(p))] for p in horizontal]
    sizes = {picture.shape for pair in pictures for picture in pair}
    if len(sizes) > 1:
        raise UserError(
            f"{folder} holds flow pictures of several sizes: {sorted(sizes)}."
        )
    return np.stack([np.stack(pair, axis=-1) for pair in pictures])


def _partner(path: Path) -> Path:
    name = _ACROSS.sub(lambda match: {"x": "y", "u": "v"}[match[0]], path.name)
    return path.with_name(name)


def _number(path: Path) -> int:
    return int(re.findall(r"\d+", path.stem)[-1])


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise UserError(f"{path} is missing or no picture.")
    return picture
