"""Pairs of pictures whose flow is exactly known, OpenCV's TV-L1, raw states."""

import cv2
import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow.layout import MARGIN, PLANES


class Waves:
    """A smooth picture that is a formula: grey values at any place.

    A sum of waves of 6 to 40 px, so that a moved picture is evaluated at the
    places where its pixels came from, and nothing is interpolated.
    """

    def __init__(self, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.rates = 2 * np.pi / rng.uniform(6, 40, 24)
        self.angles = rng.uniform(0, 2 * np.pi, 24)
        self.phases = rng.uniform(0, 2 * np.pi, 24)

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """uint8, of the shape of `x` and `y`."""
        total = np.zeros(np.broadcast_shapes(x.shape, y.shape))
        for rate, angle, phase in zip(
            self.rates, self.angles, self.phases, strict=True
        ):
            along = np.cos(angle) * x + np.sin(angle) * y
            total += np.sin(rate * along + phase)
        return np.uint8(np.rint(np.clip(128 + 16 * total, 0, 255)))


def pixels(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width].astype(float)
    return x, y


def moved_by(height: int, width: int, matrix, shift, seed: int = 0):
    """A picture, its image under c + matrix (p - c) + shift, c its centre.

    Returns:
      uint8 `[2, height, width]` and the flow of the first to the second,
      float `[height, width, 2]`.
    """
    x, y = pixels(height, width)
    place = np.stack([x, y], axis=-1)
    centre = np.array([width - 1, height - 1]) / 2
    matrix = np.asarray(matrix, float)
    waves = Waves(seed)
    after = centre + (place - centre) @ matrix.T + shift
    before = centre + (place - centre - shift) @ np.linalg.inv(matrix).T
    second = waves(before[..., 0], before[..., 1])
    return np.stack([waves(x, y), second]), after - place


def translation(height, width, shift=(1.7, -0.8), seed=0):
    return moved_by(height, width, np.eye(2), shift, seed)


def rotation(height, width, seed=0):
    """By 1.5 degrees: 1.3 px at a distance of 50 px."""
    c, s = np.cos(np.radians(1.5)), np.sin(np.radians(1.5))
    return moved_by(height, width, [[c, -s], [s, c]], (0, 0), seed)


def zoom(height, width, seed=0):
    """By 3 %: 1.5 px at a distance of 50 px."""
    return moved_by(height, width, 1.03 * np.eye(2), (0, 0), seed)


def two_layers(height, width, seed=0):
    """A disc moves by (2, 1) before a ground that moves by (-1.2, 0.4)."""
    x, y = pixels(height, width)
    near, far = Waves(seed), Waves(seed + 100)

    def inside(x, y):
        x, y = x - (width - 1) / 2, y - (height - 1) / 2
        return np.hypot(x, y) < height / 3.5

    first = np.where(inside(x, y), near(x, y), far(x, y))
    second = np.where(
        inside(x - 2, y - 1), near(x - 2, y - 1), far(x + 1.2, y - 0.4)
    )
    flow = np.where(inside(x, y)[..., None], (2, 1), (-1.2, 0.4))
    return np.stack([first, second]), flow


SCENES = (translation, rotation, zoom, two_layers)


def opencv_flow(first, second, recipe: FlowRecipe = FlowRecipe()) -> np.ndarray:
    """DualTVL1 called directly; for the default recipe all at its defaults."""
    cv2.setNumThreads(1)
    solver = cv2.optflow.createOptFlow_DualTVL1()
    if recipe != FlowRecipe():
        solver.setTau(recipe.tau)
        solver.setLambda(recipe.lambda_)
        solver.setTheta(recipe.theta)
        solver.setScalesNumber(recipe.scales)
        solver.setScaleStep(recipe.scale_step)
        solver.setWarpingsNumber(recipe.warps)
        solver.setEpsilon(recipe.epsilon)
        solver.setInnerIterations(recipe.inner_iterations)
        solver.setOuterIterations(recipe.outer_iterations)
        solver.setMedianFiltering(recipe.median_filtering)
    return solver.calc(first, second, None)


def distances(flow: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Length of the difference vector of every pixel."""
    return np.linalg.norm(flow - other, axis=-1)


def blank_state(height: int, width: int, pitch: int = 544):
    """A state as `layout` describes it, and a view of the image's part.

    Returns:
      float32, flat; and `[height, PLANES, width]` of the same memory.
    """
    state = np.zeros((height + 2) * PLANES * pitch, np.float32)
    rows = state.reshape(height + 2, PLANES, pitch)
    return state, rows[1:-1, :, MARGIN : MARGIN + width]
