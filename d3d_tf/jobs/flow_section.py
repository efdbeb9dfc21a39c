"""The report's section on optical flow: ours, the reference's, the difference.

What the records hold was computed on whole frames, before they were packed as
JPEG. So that the difference shows the algorithm and not the codec, our flow is
computed again, from the very frames that the reference gets.
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
# can be compared, and that rounding does not look like a difference.
DIFFERENCE_FULL = 0.5
LEAST_FULL = 0.1  # Pixels; the noise of a still clip stays pale.


def flow_section(
    frames: np.ndarray, stored: np.ndarray, recipe: FlowRecipe
) -> dict | None:
    """What the template shows of a clip's flow, for some pairs of frames.

    Args:
      frames: uint8 `[time, height, width, 3]` RGB, successive, of at least 16 x
        16 pixels.
      stored: float `[time, height, width, 2]`, the records' flow from each
        frame to the next in pixels.
      recipe: of the stored flow.

    Returns:
      None if there are not two frames; else
      full, difference_full: pixels that are drawn in the fullest colour,
      wheel, scale: pictures of the colours,
      steps: per pair, figures with `title`, `picture` and `caption`,
      difference: mean and 99th percentile over all pairs, in words, and
      missing: why there is no reference; one of the two is None.
    """
    if len(frames) < 2:
        return None
    firsts = np.unique(np.linspace(0, len(frames) - 2, STEPS).round())
    pairs = [frames[i : i + 2] for i in firsts.astype(int)]
    flows = {"stored flow": stored[firsts.astype(int)]}
    missing = errors = None
    try:
        flows |= _recomputed(pairs, recipe)
        ours, reference = list(flows.values())[1:]
        errors = np.linalg.norm(ours - reference, axis=-1)
    except (ImportError, UserError) as error:
        missing = str(error)
    full = _full([*flows.values()])
    steps = []
    for step, pair in enumerate(pairs):
        number = int(firsts[step]) + 1
        figures = [
            {
                "title": f"frame {number} of {len(frames)}",
                "picture": still_picture(pair[0]),
                "caption": "",
            }
        ]
        for name, flow in flows.items():
            figures.append(
                {
                    "title": name,
                    "picture": still_picture(flow_to_rgb(flow[step], full)),
                    "caption": _photometric_words(pair, flow[step]),
                }
            )
        if errors is not None:
            picture = heat_to_rgb(errors[step], DIFFERENCE_FULL)
            figures.append(
                {
                    "title": "difference",
                    "picture": still_picture(picture),
                    "caption": _difference_words(errors[step]),
                }
            )
        steps.append(figures)
    return {
        "full": full,
        "difference_full": DIFFERENCE_FULL,
        "wheel": still_picture(flow_wheel()),
        "scale": still_picture(
            heat_to_rgb(np.tile(np.linspace(0, 1, 160), (12, 1)), 1.0)
        ),
        "steps": steps,
        "difference": None if errors is None else _difference_words(errors),
        "missing": missing,
    }


def _recomputed(
    pairs: list[np.ndarray], recipe: FlowRecipe
) -> dict[str, np.ndarray]:
    """Our flow and the reference, `[pairs, height, width, 2]` each, by name.

    Raises:
      UserError, ImportError: a library is not there.
    """
    # First of all, because it says what to do.
    import_optflow()
    reference = dataclasses.replace(recipe, algorithm="tvl1", backend="opencv")
    way = recipe.backend if recipe.algorithm == "tvl1" else recipe.algorithm
    return {
        name: np.concatenate([tvl1_flow(pair, wanted) for pair in pairs])
        for name, wanted in (
            (f"computed again ({way})", recipe),
            ("OpenCV's TV-L1", reference),
        )
    }


def _full(flows: list[np.ndarray]) -> float:
    """The speed that all but 1 % of the vectors stay below; two digits."""
    speeds = np.linalg.norm(np.concatenate(flows), axis=-1)
    return max(float(f"{np.percentile(speeds, 99):.2g}"), LEAST_FULL)


def _photometric_words(pair: np.ndarray, flow: np.ndarray) -> str:
    check = photometric_check(pair, flow[None])
    return (
        f"leaves {check.warped:.1f} of {check.unwarped:.1f} grey levels; "
        f"reversed {check.negated:.1f}"
    )


def _difference_words(errors: np.ndarray) -> str:
    return (
        f"mean {errors.mean():.3f} px, 99 % of pixels below "
        f"{np.percentile(errors, 99):.2f} px"
    )
