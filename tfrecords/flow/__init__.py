"""Optical flow of a clip: the one place where flow is computed.

TV-L1 (Zach, Pock, Bischof, "A Duality Based Approach for Realtime TV-L1 Optical
Flow", 2007) minimises, over the flow u = (u1, u2),

    sum  lambda |rho(u)| + |grad u1| + |grad u2|
    rho(u) = I1(x + u0) + grad I1(x + u0) . (u - u0) - I0(x)

where u0 is the flow at which the second image I1 was last warped. An auxiliary
field v, tied to u by |u - v|^2 / (2 theta), splits it in two steps that are
repeated in turn:

    v = u + lambda theta g      where  rho < -lambda theta |g|^2
    v = u - lambda theta g      where  rho > +lambda theta |g|^2
    v = u - rho g / |g|^2       elsewhere;  g = grad I1(x + u0)

    u_d = v_d + theta div p_d                              (d = 1, 2)
    p_d = (p_d + tau/theta grad u_d) / (1 + tau/theta |grad u_d|)

with forward differences in grad and backward ones in div. Parameter names and
defaults are those of OpenCV's DualTVL1, which adds a median of the flow.
"""

import importlib.metadata

import numpy as np
import numpy.typing as npt

from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UserError

# Increase it when the flow of the backend changes.
SOLVER_VERSIONS = {"cpu": 3, "tensorflow": 1}
SMALLEST = 16  # Pixels; OpenCV refuses smaller images too.


def tvl1_flow(
    frames: npt.NDArray[np.uint8],
    recipe: FlowRecipe = FlowRecipe(),
    *,
    threads: int = 1,
) -> npt.NDArray[np.float32]:
    """Flow from every frame to the next.

    Args:
      frames: uint8 `[time, height, width]` grey or `[time, height, width, 3]`
        RGB, at least 16 x 16 pixels.
      recipe: algorithm and backend, with the parameters of TV-L1. Backends:
        `cpu` (numba), `opencv` (the reference), `tensorflow` (XLA, on the
        accelerator if there is one). Its `saturation` is not used here.
      threads: cores that the backend `cpu` uses; the result is the same for
        any number.

    Returns:
      float32 `[time - 1, height, width, 2]`, (u, v) in pixels per frame: what
      frame i shows at (x, y), frame i + 1 shows at (x + u, y + v).

    Raises:
      ValueError: wrong rank, type or size.
      UserError: the backend's library is not installed, or the algorithm is
        none.
    """
    if recipe.algorithm == "none":
        raise UserError(
            "flow.algorithm=none computes no flow; choose tvl1, dis or "
            "farneback."
        )
    frames = _checked_grey(frames)
    if len(frames) == 1:
        return np.zeros((0, *frames.shape[1:], 2), np.float32)
    # Each backend is imported only when it is used: numba and TensorFlow take
    # seconds to import.
    if recipe.algorithm != "tvl1":
        from d3d_tf.tfrecords.flow import opencv

        return getattr(opencv, recipe.algorithm)(frames)
    if recipe.backend == "opencv":
        from d3d_tf.tfrecords.flow import opencv

        return opencv.tvl1(frames, recipe)
    flow_library(recipe)  # Its error says what to install.
    if recipe.backend == "tensorflow":
        from d3d_tf.tfrecords.flow import tvl1_tensorflow

        return tvl1_tensorflow.tvl1(frames, recipe)
    from d3d_tf.tfrecords.flow import tvl1_cpu

    return tvl1_cpu.tvl1(frames, recipe, threads=threads)


def _checked_grey(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Frames as `tvl1_flow` takes them, in grey, `[time, height, width]`."""
    if (
        frames.dtype != np.uint8
        or frames.ndim < 3
        or frames.shape[3:] not in ((), (3,))
    ):
        raise ValueError(
            "frames must be uint8 [time, height, width] or [..., 3]; got "
            f"{frames.dtype} {frames.shape}."
        )
    if not len(frames) or min(frames.shape[1:3]) < SMALLEST:
        raise ValueError(
            f"frames must be at least one, of at least {SMALLEST} x {SMALLEST} "
            f"pixels; got {frames.shape}."
        )
    return to_grey(frames) if frames.ndim == 4 else frames


def to_grey(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """uint8 `[..., 3]` RGB to grey, with OpenCV's weights of the colours."""
    import cv2

    return np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames])


def flow_library(recipe: FlowRecipe) -> str:
    """The library that computes flow by this recipe, with its version.

    Raises:
      UserError: it is not installed.
    """
    if recipe.algorithm == "tvl1" and recipe.backend != "opencv":
        package = "numba" if recipe.backend == "cpu" else "tensorflow"
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError as error:
            raise UserError(
                f"flow.backend={recipe.backend} needs {package}: run "
                "`pip install d3d_tf[data]`, or choose --set backend=opencv."
            ) from error
        solver = SOLVER_VERSIONS[recipe.backend]
        return f"d3d_tf tvl1 {solver}, {package} {version}"
    if recipe.algorithm == "imported":
        return f"{recipe.imported_codec}, imported"
    if recipe.algorithm == "none":
        return ""
    import cv2

    return f"opencv {cv2.__version__}"
