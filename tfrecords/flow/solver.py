"""TV-L1 for image pairs of one size, on one CPU core.

The scheme of OpenCV's DualTVL1 with its parameters: from coarse to fine, and
`warps` times per scale, the second image is warped by the flow so far and
linearised there; then primal and dual variables are updated in turn until the
flow changes by less than `epsilon` px (root mean square), with a median filter
before every `inner_iterations` of them.
"""

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow import layout
from d3d_tf.tfrecords.flow.iteration import iteration_kernel
from d3d_tf.tfrecords.flow.layout import CHANGING, MARGIN, PLANES, STARTS
from d3d_tf.tfrecords.flow.median import (
    RING_ROWS,
    SORTED_ROWS,
    median_kernel,
)
from d3d_tf.tfrecords.flow.pyramid import linear_taps, pyramid_sizes, resize
from d3d_tf.tfrecords.flow.warp import (
    BORDER,
    CHANNELS,
    FRACTIONS,
    bicubic_taps,
    interleave,
    warp_kernel,
)

# Rows have the least of these lengths that fits; the code is compiled once for
# each. None is a multiple of 4 KiB: all planes of a pixel would then share a
# cache line.
PITCHES = (560, 2096, 8240)
LANES = 16  # Widths are rounded up to whole vectors of the compiled loops.
_TAPS = bicubic_taps()
_index = np.uint64
_float = np.float32


class _Scale:
    """Arrays of one size of the pyramid, used again for every pair."""

    def __init__(self, height: int, width: int, pitch: int, recipe: FlowRecipe):
        self.height, self.width, self.pitch = height, width, pitch
        self.padded = -(-width // LANES) * LANES
        self.state = _zeros((height + 2) * PLANES * pitch)
        self.current = 0  # Which of the two states in `state` is valid.
        self.image = _zeros((height + 2 * BORDER) * CHANNELS * pitch)
        self.inside = _zeros(2 * self.padded).reshape(2, self.padded)
        self.inside[1, :width] = recipe.tau  # (tau / theta) * theta
        self.first = np.zeros((height, self.padded), np.float32)
        self.second = np.zeros((height, self.padded), np.float32)
        self.line = np.zeros(width + 1, np.float32)

    def start(self) -> int:
        """The first plane of the valid state."""
        return STARTS[self.current]

    def rows(self) -> np.ndarray:
        """The valid state, float32 `[height, CHANGING, width]`."""
        rows = self.state.reshape(-1, PLANES, self.pitch)[1:-1]
        first = self.start()
        planes = rows[:, first : first + CHANGING]
        return planes[..., MARGIN : MARGIN + self.width]

    def plane_start(self, plane: int) -> np.uint64:
        """Offset of a plane's first pixel in the valid state."""
        return _index((PLANES + self.start() + plane) * self.pitch + MARGIN)


class Solver:
    """TV-L1 for pairs of one size; holds 300 to 500 bytes per pixel.

    Only one thread may use it at a time.
    """

    def __init__(
        self, height: int, width: int, recipe: FlowRecipe, pitch: int = 0
    ):
        self.recipe = recipe
        self.step = recipe.tau / recipe.theta
        pitch = pitch or pitch_for(width)
        sizes = pyramid_sizes(height, width, recipe.scales, recipe.scale_step)
        self.scales = [_Scale(h, w, pitch, recipe) for h, w in sizes]
        wide = pitch + MARGIN
        self.ring = _zeros(RING_ROWS * wide)
        self.columns = _zeros(SORTED_ROWS * wide)
        self.places = np.zeros(2 * pitch, np.int32)
        self.moved = np.zeros(2 * pitch, np.float32)
        self.sampled = np.zeros(3 * pitch, np.float32)
        self.ramp = np.arange(pitch, dtype=np.float32) * FRACTIONS
        self.taps = _TAPS.ravel()
        self.wide_taps = np.repeat(_TAPS, CHANNELS, axis=1).ravel()
        self.iterate = iteration_kernel(pitch)
        self.warp = warp_kernel(pitch)
        self.median = (
            median_kernel(pitch, recipe.median_filtering)
            if recipe.median_filtering > 1
            else None
        )
        # Reduced by the exact step, enlarged by the ratio of the sizes.
        self.down = [
            (
                *linear_taps(a.height, b.height, 1 / recipe.scale_step),
                *linear_taps(a.width, b.width, 1 / recipe.scale_step),
            )
            for a, b in zip(self.scales, self.scales[1:], strict=False)
        ]
        self.up = [
            (
                *linear_taps(b.height, a.height, b.height / a.height),
                *linear_taps(b.width, a.width, b.width / a.width),
            )
            for a, b in zip(self.scales, self.scales[1:], strict=False)
        ]

    def kernels(self) -> list:
        """The compiled functions."""
        compiled = [self.iterate, self.warp, resize, interleave]
        return compiled + ([self.median] if self.median else [])

    def __call__(
        self, first: np.ndarray, second: np.ndarray, flow: np.ndarray
    ) -> None:
        """Writes the flow of two images.

        Args:
          first: `[height, width]`, 0..255.
          second: the same.
          flow: float32 `[height, width, 2]`, in pixels.
        """
        finest = self.scales[0]
        finest.first[:, : finest.width] = first
        finest.second[:, : finest.width] = second
        for fine, coarse, taps in zip(
            self.scales, self.scales[1:], self.down, strict=False
        ):
            for name in ("first", "second"):
                resize(
                    getattr(fine, name).ravel(),
                    _index(0),
                    _index(fine.padded),
                    getattr(coarse, name).ravel(),
                    _index(0),
                    _index(coarse.padded),
                    *taps,
                    _float(1),
                    _index(fine.width),
                    fine.line,
                )
        self.scales[-1].rows()[:, : layout.V + 1] = 0
        for level in reversed(range(len(self.scales))):
            scale = self.scales[level]
            if scale is not self.scales[-1]:
                self._enlarge(self.scales[level + 1], scale, self.up[level])
            self._solve_scale(scale)
        for channel, plane in enumerate((layout.U, layout.V)):
            np.divide(
                finest.rows()[:, plane],
                _float(self.step),
                out=flow[..., channel],
            )

    def _enlarge(self, coarse: _Scale, fine: _Scale, taps) -> None:
        for plane in (layout.U, layout.V):
            resize(
                coarse.state,
                coarse.plane_start(plane),
                _index(PLANES * coarse.pitch),
                fine.state,
                fine.plane_start(plane),
                _index(PLANES * fine.pitch),
                *taps,
                _float(1 / self.recipe.scale_step),
                _index(coarse.width),
                coarse.line,
            )

    def _solve_scale(self, scale: _Scale) -> None:
        recipe = self.recipe
        height, width = scale.height, scale.width
        padded = _index(scale.padded)
        interleave(
            scale.second.ravel(),
            height,
            _index(width),
            padded,
            _index(scale.pitch),
            scale.image,
        )
        scale.rows()[:, layout.P11 :] = 0
        stop = (self.step * recipe.epsilon) ** 2 * height * width
        count = 6  # For want of a better guess.
        for _ in range(recipe.warps):
            self.warp(
                scale.image,
                scale.first,
                scale.state,
                scale.start(),
                self.taps,
                self.wide_taps,
                self.ramp,
                self.places,
                self.moved,
                self.sampled,
                height,
                _index(width),
                padded,
                _float(self.step),
                _float(recipe.lambda_ * recipe.theta),
            )
            for _ in range(recipe.outer_iterations):
                if self.median:
                    self.median(
                        scale.state,
                        scale.start(),
                        height,
                        _index(width),
                        self.ring,
                        self.columns,
                    )
                count, error, scale.current = self.iterate(
                    scale.state,
                    scale.inside,
                    height,
                    _index(width),
                    padded,
                    scale.current,
                    stop,
                    recipe.inner_iterations,
                    count,
                )
                if error <= stop:
                    break


def _zeros(size: int) -> np.ndarray:
    """float32 zeros that begin at a cache line."""
    raw = np.zeros(size + MARGIN, np.float32)
    skip = -(raw.ctypes.data // 4) % MARGIN
    return raw[skip : skip + size]


def pitch_for(width: int) -> int:
    """Length of the rows in memory.

    Raises:
      ValueError: the image is too wide.
    """
    for pitch in PITCHES:
        if width + 3 * MARGIN <= pitch:
            return pitch
    raise ValueError(
        f"frames must be at most {PITCHES[-1] - 3 * MARGIN} pixels wide; got "
        f"{width}. Make them smaller before (short_side)."
    )
