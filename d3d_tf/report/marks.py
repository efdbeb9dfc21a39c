"""Boxes and words on a picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Pixels of letters and lines, and the shares of a picture's short side that
# they are where that is more.
_LETTERS, _LETTERS_SHARE = 12, 1 / 24
_LINE, _LINE_SHARE = 2, 1 / 200
# RGB and opacity, so that lines and words are seen on any picture.
_BEHIND = (0, 0, 0, 160)


class Mark(NamedTuple):
    """One box.

    Attributes:
      box: y1, x1, y2, x2 as shares.
      colour: as Pillow takes it.
      text: at the box, or nothing; may have several lines.
    """

    box: Sequence[float]
    colour: str
    text: str = ""


def marked(pixels: np.ndarray, marks: Sequence[Mark]) -> np.ndarray:
    """The picture with boxes, and their words beside them.

    Words are in the box where they take a fourth of it at most, or else above
    it, or below; they stay within the picture.

    Args:
      pixels: uint8 `[height, width, 3]`.
      marks: later ones are on top; words are on top of boxes.
    """
    picture = Image.fromarray(pixels)
    pen = ImageDraw.Draw(picture, "RGBA")
    height, width = pixels.shape[:2]
    short = min(height, width)
    line = max(_LINE, round(short * _LINE_SHARE))
    font = ImageFont.load_default(max(_LETTERS, round(short * _LETTERS_SHARE)))
    places = [
        np.multiply(mark.box, [height, width] * 2).round().astype(int).tolist()
        for mark in marks
    ]
    for mark, (y1, x1, y2, x2) in zip(marks, places, strict=True):
        y2, x2 = max(y1, y2 - 1), max(x1, x2 - 1)
        pen.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=_BEHIND)
        pen.rectangle((x1, y1, x2, y2), outline=mark.colour, width=line)
    for mark, (y1, x1, y2, x2) in zip(marks, places, strict=True):
        if not mark.text:
            continue
        bounds = pen.multiline_textbbox((0, 0), mark.text, font, spacing=line)
        rows, columns = round(bounds[3]) + line, round(bounds[2]) + 2 * line
        if 2 * rows <= y2 - y1 and 2 * columns <= x2 - x1:
            top, left = y1 + line, x1 + line
        else:
            top, left = (y1 - rows if rows <= y1 else y2), x1
        top = max(0, min(top, height - rows))
        left = max(0, min(left, width - columns))
        right, bottom = left + columns - 1, top + rows - 1
        pen.rectangle((left, top, right, bottom), fill=_BEHIND)
        pen.multiline_text(
            (left + line, top), mark.text, mark.colour, font, spacing=line
        )
    return np.asarray(picture)


def titled(pixels: np.ndarray, words: str) -> np.ndarray:
    """The picture below a line of words, which ends where the picture does.

    Args:
      pixels: uint8 `[height, width, 3]`.
      words: in one line.
    """
    font = ImageFont.load_default(_LETTERS)
    line = Image.new("RGB", (pixels.shape[1], 2 * _LETTERS))
    pen = ImageDraw.Draw(line)
    pen.text((_LETTERS // 3, _LETTERS // 3), words, "white", font)
    return np.concatenate([np.asarray(line), pixels])
