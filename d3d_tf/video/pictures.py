"""From a decoded frame to the pixels that a player shows."""

from collections.abc import Iterator
from fractions import Fraction

import av
import cv2
import numpy as np

from d3d_tf.video.opening import LARGEST_ASPECT, UnreadableVideo, require_size

NEARLY_SQUARE = 0.01
# Of the nine numbers of a display matrix those that turn and mirror.
_A, _B, _C, _D = 0, 1, 3, 4


def upright(frame) -> np.ndarray:
    """uint8 `[height, width, 3]` RGB, turned and mirrored as a player would.

    Grey becomes three equal channels, more than 8 bits are rounded to 8, and
    alpha is dropped: the colour that is stored under it stays.
    """
    pixels = frame.to_ndarray(format="rgb24")
    transposed, mirrored, flipped = _orientation(frame)
    if transposed:
        pixels = pixels.swapaxes(0, 1)
    if mirrored:
        pixels = pixels[:, ::-1]
    if flipped:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def shown_size(frame, aspect: Fraction) -> tuple[int, int]:
    """(height, width) at which a player shows a frame.

    Args:
      frame: of PyAV.
      aspect: width over height of a stored pixel; see `pixel_aspect`.
    """
    height, width = frame.height, max(1, round(frame.width * aspect))
    return (width, height) if _orientation(frame)[0] else (height, width)


def pixel_aspect(stream) -> Fraction:
    """Width over height of a stream's pixels; 1 where the file does not say.

    Where container and codec differ the container counts, as for FFmpeg. An
    aspect that makes impossible pictures is an error of the file, and one that
    is nearly 1 is rounding by an encoder: both count as 1.
    """
    square = Fraction(1)
    aspect = stream.sample_aspect_ratio or square
    codec = stream.codec_context
    shown = aspect * Fraction(codec.width, codec.height)
    if abs(aspect - square) < NEARLY_SQUARE or not (
        Fraction(1, LARGEST_ASPECT) <= shown <= LARGEST_ASPECT
    ):
        return square
    return aspect


def resized(frame, short_side: int, aspect: Fraction) -> np.ndarray:
    """The upright picture with a given short side.

    Args:
      frame: of PyAV.
      short_side: of the result, in pixels.
      aspect: width over height of a stored pixel; 1 keeps stored pixels.

    Returns:
      uint8 `[height, width, 3]` RGB.
    """
    return scaled(upright(frame), *shown_size(frame, aspect), short_side)


def scaled(
    pixels: np.ndarray, height: int, width: int, short_side: int
) -> np.ndarray:
    """A picture with a given short side.

    Args:
      pixels: uint8 `[rows, columns, 3]`.
      height, width: in which it is shown.
      short_side: of the result, in pixels.
    """
    scale = short_side / min(height, width)
    size = (round(width * scale), round(height * scale))
    if size == pixels.shape[1::-1]:
        return pixels
    shrinks = scale < 1
    return cv2.resize(
        pixels,
        size,
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )


def whole_pictures(frames) -> Iterator:
    """Good frames of a possible size, without the combs of interlacing.

    Interlaced frames come out as whole pictures (FFmpeg's `bwdif`, one frame
    for two fields), whichever frames of the file are interlaced.

    Raises:
      UnreadableVideo: a frame is damaged or too large.
    """
    graph = None
    for index, frame in enumerate(frames):
        if frame.is_corrupt:
            raise UnreadableVideo(f"damaged after {index} good frames")
        require_size(frame.width, frame.height)
        if frame.interlaced_frame and graph is None:
            graph = _deinterlacer(frame)
        if graph is None:
            yield frame
        else:
            graph.push(frame)
            yield from _ready(graph)
    if graph is not None:
        graph.push(None)
        yield from _ready(graph)


def _orientation(frame) -> tuple[bool, bool, bool]:
    """Whether to exchange rows and columns, then mirror, then flip.

    The display matrix shows a stored place (x, y) at (a x + c y, b x + d y). Of
    turns by other angles than 90 degrees the nearest counts.
    """
    side_data = frame.side_data.get("DISPLAYMATRIX")
    if side_data is None:
        return False, False, False
    matrix = np.frombuffer(bytes(side_data), np.int32).astype(float)
    if matrix.size != 9:
        return False, False, False
    a, b, c, d = matrix[[_A, _B, _C, _D]]
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def _deinterlacer(frame) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base,
    )
    # Frames that say they are progressive pass unchanged.
    bwdif = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    return graph


def _ready(graph: av.filter.Graph) -> Iterator:
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
