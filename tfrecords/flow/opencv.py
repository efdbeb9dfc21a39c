"""Optical flow by OpenCV: the reference TV-L1, and two cheaper algorithms."""

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UserError


def tvl1(frames: np.ndarray, recipe: FlowRecipe) -> np.ndarray:
    """OpenCV's DualTVL1; see `tvl1_flow`."""
    return _pair_by_pair(
        frames,
        import_optflow()
        .optflow.DualTVL1OpticalFlow_create(
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
        .calc,
    )


def dis(frames: np.ndarray) -> np.ndarray:
    """Dense inverse search (Kroeger and others, 2016), preset "medium"."""
    cv2 = import_optflow()
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return _pair_by_pair(frames, solver.calc)


def farneback(frames: np.ndarray) -> np.ndarray:
    """Polynomial expansion (Farneback, 2003), OpenCV's default settings."""
    solver = import_optflow().FarnebackOpticalFlow_create()
    return _pair_by_pair(frames, solver.calc)


def _pair_by_pair(frames: np.ndarray, calc) -> np.ndarray:
    # OpenCV's own threads would compete with the pipeline's workers.
    import_optflow().setNumThreads(1)
    flow = np.empty((len(frames) - 1, *frames.shape[1:], 2), np.float32)
    for index in range(len(flow)):
        flow[index] = calc(frames[index], frames[index + 1], None)
    return flow


def import_optflow():
    """Imports `cv2` and makes sure that it has TV-L1.

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
