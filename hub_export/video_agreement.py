"""Whether a served module says of a video what the trained network says.

Encoded frames take another way than records: another decoder, resizing inside
the module, one lossy encoding less. Rounding is not all that differs.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from d3d_tf.tasks.task import Agreement


@dataclasses.dataclass(frozen=True)
class Sample:
    """One clip of one video.

    Attributes:
      frames: float32 `[time, height, width, 3]` in [0, 1], as in records.
      encoded: by way, JPEG or PNG of the same frames, before they were cropped.
      boxes: float32 `[N, 4]`, of modules that take boxes; None: of others.
    """

    frames: np.ndarray
    encoded: dict[str, list[bytes]]
    boxes: np.ndarray | None = None

    def asked(self) -> dict:
        """What is asked beside the frames, a batch of 1, by input."""
        return {} if self.boxes is None else {"boxes": self.boxes[None]}


def compare_ways(
    module, samples: Iterable[Sample], agreement: Agreement
) -> dict[str, dict]:
    """Compares each way with the frames from records.

    Args:
      module: as `hub.load` gives it, with probabilities.
      samples: of the network that it was exported from.
      agreement: of its task.

    Returns:
      By way: `n`, the share that agrees (0..1) by the name of `agreement`,
      `max_probability_difference`.
    """
    plain = module.signatures["serving_default"]
    encoded = module.signatures["frames_encoded"]
    found: dict[str, list[tuple]] = {}
    for sample in samples:
        boxes = {k: tf.constant(v) for k, v in sample.asked().items()}
        unit = tf.constant(sample.frames[None])
        expected = plain(frames=unit, **boxes)["probabilities"].numpy()
        for way, pictures in sample.encoded.items():
            asked = encoded(frames=tf.constant([pictures]), **boxes)
            there = asked["probabilities"].numpy()
            found.setdefault(way, []).append(
                (
                    agreement.same(there[0], expected[0]),
                    np.abs(there - expected).max(initial=0),
                )
            )
    return summary(found, agreement)


def summary(
    found: dict[str, list[tuple]], agreement: Agreement
) -> dict[str, dict]:
    """As `compare_ways`, of what was found by way.

    Args:
      found: of each video, whether it agrees, and the largest difference.
      agreement: of the task.
    """
    return {
        way: {
            "n": len(rows),
            agreement.name: float(np.mean([same for same, _ in rows])),
            "max_probability_difference": float(max(d for _, d in rows)),
        }
        for way, rows in found.items()
    }
