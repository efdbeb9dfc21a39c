"""The report's section on optical flow: ours, the reference's, the difference.

The records' flow was computed on whole frames, before they were packed as JPEG.
To show the difference of the algorithms and not of the codec, our flow is
computed again from the frames that the reference gets. Imported flow cannot be
computed again: its difference is that of the stored flow.
"""

import dataclasses

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.evaluation.photometric import photometric_check
from d3d_tf.report.pictures import (
    flow_to_rgb,
    flow_wheel,
    heat_to_rgb,
    still_picture,
)
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.tfrecords.flow.opencv import import_optflow

STEPS = 3
# Drawn in the brightest colour, in pixels: always the same, so that two pages
# can be compared and rounding does not look like a difference.
DIFFERENCE_FULL = 0.5
LEAST_FULL = 0.1  # Pixels; the noise of a still clip stays pale.


def flow_section(
    frames: np.ndarray, stored: np.ndarray, recipe: FlowRecipe
) -> dict | None:
    """The template's values for a clip's flow, for some pairs of frames.

    Args:
      frames: uint8 `[time, height, width, 3]` RGB, successive, of at least 16 x
        16 pixels.
      stored: float `[time, height, width, 2]`, the records' flow from each
        frame to the next in pixels; the last one is not used.
      recipe: of the stored flow.

    Returns:
      None if there are not two frames; else
      algorithm: the recipe's,
      full, difference_full: pixels that are drawn in the fullest colour,
      wheel, scale: pictures of the colours,
      steps: per pair, figures with `title`, `picture` and `caption`,
      difference: mean and 99th percentile over all pairs, in words, and
      missing: why there is no reference; one of the two is None.
    """
    if len(frames) < 2:
        return None
    spread = np.linspace(0, len(frames) - 2, STEPS).round().astype(int)
    firsts = np.unique(spread)
    pairs = [frames[first : first + 2] for first in firsts]
    flows = {"stored flow": stored[firsts]}
    missing = errors = None
    try:
        flows |= _recomputed(pairs, recipe)
    except (ImportError, UserError) as error:
        missing = str(error)
    else:
        ours, reference = list(flows.values())[-2:]
        errors = np.linalg.norm(ours - reference, axis=-1)
    full = _full([*flows.values()])
    steps = []
    for step, first in enumerate(firsts):
        title = f"frame {first + 1} of {len(frames)}"
        figures = [_figure(title, frames[first])]
        for name, flow in flows.items():
            words = _photometric_words(pairs[step], flow[step])
            figures.append(_figure(name, flow_to_rgb(flow[step], full), words))
        if errors is not None:
            picture = heat_to_rgb(errors[step], DIFFERENCE_FULL)
            words = _difference_words(errors[step])
            figures.append(_figure("difference", picture, words))
        steps.append(figures)
    scale = np.tile(np.linspace(0, 1, 160), (12, 1))
    return {
        "algorithm": recipe.algorithm,
        "full": full,
        "difference_full": DIFFERENCE_FULL,
        "wheel": still_picture(flow_wheel()),
        "scale": still_picture(heat_to_rgb(scale, 1.0)),
        "steps": steps,
        "difference": None if errors is None else _difference_words(errors),
        "missing": missing,
    }


def _recomputed(
    pairs: list[np.ndarray], recipe: FlowRecipe
) -> dict[str, np.ndarray]:
    """Flow `[pairs, height, width, 2]` by name; the last is the reference.

    Raises:
      UserError, ImportError: a library is missing.
    """
    # First, because its error says what to do.
    import_optflow()
    recipes = {
        "OpenCV's TV-L1": dataclasses.replace(
            recipe, algorithm="tvl1", backend="opencv", imported_codec=""
        )
    }
    if recipe.algorithm != "imported":
        tvl1 = recipe.algorithm == "tvl1"
        way = recipe.backend if tvl1 else recipe.algorithm
        recipes = {f"computed again ({way})": recipe} | recipes
    return {
        name: np.concatenate([tvl1_flow(pair, wanted) for pair in pairs])
        for name, wanted in recipes.items()
    }


def _full(flows: list[np.ndarray]) -> float:
    """The speed that all but 1 % of the vectors stay below; two digits."""
    speeds = np.linalg.norm(np.concatenate(flows), axis=-1)
    return max(float(f"{np.percentile(speeds, 99):.2g}"), LEAST_FULL)


def _figure(title: str, pixels: np.ndarray, caption: str = "") -> dict:
    return {
        "title": title,
        "picture": still_picture(pixels),
        "caption": caption,
    }


def _photometric_words(pair: np.ndarray, flow: np.ndarray) -> str:
    check = photometric_check(pair, flow[None])
    if not check.share:
        return "leads outside the picture"
    return (
        f"leaves {check.warped:.1f} of {check.unwarped:.1f} grey levels; "
        f"reversed {check.negated:.1f}"
    )


def _difference_words(errors: np.ndarray) -> str:
    values = [
        f"{value:.3f} px" if value >= 0.001 else "< 0.001 px"
        for value in (errors.mean(), np.percentile(errors, 99))
    ]
    return "mean {}, 99th percentile {}".format(*values)
