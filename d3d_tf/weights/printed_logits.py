"""A converted network against the logits that its authors printed."""

import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.screen import say
from d3d_tf.weights.published import Published

# Two printings of the authors' own, of other TensorFlow versions, differ by
# 5e-7; the smallest effect of a typical mistake is 1e-2 (facts.md, section 10).
TOLERANCE = 1e-3


def check_acceptance(
    network, published: Published | None, labels: list[str], sample: str
) -> dict:
    """Runs the sample clip; says and returns how far the logits are off.

    Args:
      network: converted.
      published: the entry of weights.json that it is.
      labels: of the logits.
      sample: .npy file, float `[1, time, height, width, channels]` in [-1, 1].

    Raises:
      UserError: the file cannot be used, or the logits are not the printed.
    """
    if published is None or "logits" not in published.acceptance:
        raise UserError(
            f"{sample}: no logits are published for this checkpoint; leave out "
            "--data."
        )
    try:
        clip = np.load(sample).astype(np.float32)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{sample} is no readable .npy file: {error}"
        ) from error
    if clip.ndim != 5:
        raise UserError(
            f"{sample} has the shape {list(clip.shape)}; expected [1, time, "
            "height, width, channels]."
        )
    logits = network(clip, training=False).numpy()[0]
    printed = published.acceptance
    pairs = {"norm": (float(np.linalg.norm(logits)), printed["logits_norm"])}
    for name, value in printed["logits"].items():
        pairs[name] = (float(logits[labels.index(name)]), value)
    off = {
        k: abs(ours - theirs) / abs(theirs)
        for k, (ours, theirs) in pairs.items()
    }
    worst = max(off, key=off.__getitem__)
    if not off[worst] <= TOLERANCE:
        ours, theirs = pairs[worst]
        raise UserError(
            f"{sample}: {worst} of the logits is {ours:.6g}, the authors "
            f"printed {theirs:.6g}; nothing was written."
        )
    say(f"  logits of {sample} as printed, at most {off[worst]:.1e} off")
    return {"sample": sample, "relative_differences": off}
