"""TV-L1 optical flow of a clip.

The one place where flow is computed. TV-L1 minimises, over the flow (u, v),

    sum  lambda * |I1(x + u, y + v) - I0(x, y)| + |grad u| + |grad v|

(Zach, Pock, Bischof, "A Duality Based Approach for Realtime TV-L1 Optical
Flow", 2007); parameter names and defaults are those of OpenCV's DualTVL1.
"""

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UserError


def tvl1_flow(
    frames: np.ndarray, recipe: FlowRecipe = FlowRecipe()
) -> np.ndarray:
    """Flow from every frame to the next.

    Args:
      frames: uint8 `[time, height, width]` grey or `[time, height, width, 3]`
        RGB, at least 16 x 16 pixels.
      recipe: the parameters of TV-L1; its `saturation` plays no part here.

    Returns:
      float32 `[time - 1, height, width, 2]`, (u, v) in pixels per frame: what
      frame i shows at (x, y), frame i + 1 shows at (x + u, y + v).

    Raises:
      ValueError: wrong rank, type or size.
      UserError: the installed OpenCV has no TV-L1.
    """
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4):
        raise ValueError(
            "frames must be uint8 [time, height, width] or [..., 3]; got "
            f"{frames.dtype} {frames.shape}."
        )
    cv2 = import_optflow()
    if frames.ndim == 4:
        frames = np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames])
    if min(frames.shape[1:]) < 16:
        raise ValueError(
            f"frames must be at least 16 x 16 pixels; got {frames.shape}."
        )
    # With threads of its own OpenCV would fight the pipeline's workers.
    cv2.setNumThreads(1)
    solver = cv2.optflow.DualTVL1OpticalFlow_create(
        tau=recipe.tau,
        lambda_=recipe.lambda_,
        theta=recipe.theta,
        nscales=recipe.scales,
        warps=recipe.warps,
        epsilon=recipe.epsilon,
        innnerIterations=recipe.inner_iterations,
        outerIterations=recipe.outer_iterations,
        scaleStep=recipe.scale_step,
        gamma=0.0,
        medianFiltering=recipe.median_filtering,
        useInitialFlow=False,
    )
    pairs = zip(frames[:-1], frames[1:], strict=True)
    flow = [solver.calc(first, second, None) for first, second in pairs]
    if not flow:
        return np.zeros((0, *frames.shape[1:], 2), np.float32)
    return np.stack(flow)


def import_optflow():
    """The `cv2` module, certain to hold TV-L1.

    Raises:
      UserError: another OpenCV package has overwritten the contrib modules,
        or OpenCV is not installed; the text says what to do.
    """
    remedy = (
        "run `pip uninstall -y opencv-python opencv-python-headless "
        "opencv-contrib-python opencv-contrib-python-headless` and then "
        "`pip install opencv-contrib-python-headless`"
    )
    try:
        import cv2
    except ImportError as error:
        raise UserError(f"OpenCV is not installed: {remedy}.") from error
    if not hasattr(getattr(cv2, "optflow", None), "DualTVL1OpticalFlow_create"):
        raise UserError(
            "This OpenCV has no cv2.optflow.DualTVL1OpticalFlow: another "
            "OpenCV package (tf-models-official brings opencv-python-headless)"
            f" has overwritten opencv-contrib; {remedy}."
        )
    return cv2
