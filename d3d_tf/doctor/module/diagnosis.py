"""Which mistake explains a caller's answers."""

import dataclasses
from pathlib import Path

import numpy as np
from tqdm import tqdm

from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.doctor.module.answers import Answers
from d3d_tf.doctor.module.distance import distances, finer_distance
from d3d_tf.doctor.module.mistakes import (
    OTHER_CLIP,
    Mistake,
    Oracle,
    pairs,
)
from d3d_tf.doctor.module.served import Module
from d3d_tf.doctor.module.video import by_others

# Of `distances`. Answers are rounded, and decoders differ: what is nearer than
# FLOOR is explained in any case, what is farther than CEILING in no case.
FLOOR, CEILING = 0.02, 0.15
# What cannot be seen in answers of three digits.
RESOLUTION = 0.002
# The same for the logarithms of probabilities, and what two right programs
# differ by in any case.
_FINER_RESOLUTION, _FINER_FLOOR = 0.1, 0.25
# So many times nearer is an explanation with one mistake more.
_WORTH = 4
RIGHT = "a right caller"
_SHOWN = 5


@dataclasses.dataclass(frozen=True)
class Suspect:
    """A caller, and how far the answers are from its.

    Attributes:
      mistakes: that it makes.
      distance: mean over the clips, 0..1.
      tolerance: how much of that two right programs may differ by.
      finer: distance of the logarithms of probabilities; 0: of features.
      rough: whether that is more than two right programs differ by.
    """

    mistakes: tuple[Mistake, ...]
    distance: float
    tolerance: float
    finer: float
    rough: bool = False

    @property
    def words(self) -> str:
        """What it does."""
        return " + ".join(m.words for m in self.mistakes) or RIGHT

    @property
    def explains(self) -> bool:
        """Whether it may be the caller."""
        return self.distance <= self.tolerance


def suspects(
    module: Module, clips: list[Path], answers: Answers
) -> list[Suspect]:
    """All callers with one mistake; if none explains it all, also with two.

    Returns:
      Nearest first.
    """
    by_name = {clip.stem: clip for clip in clips}
    oracle = Oracle(
        module, [by_name[c] for c in answers.clips], named=answers.named
    )
    possible = oracle.possible()
    single = [(), *((mistake,) for mistake in possible)]
    found = [_suspect(oracle, answers, m) for m in _shown(single)]
    if not any(s.explains and not s.rough for s in found):
        double = list(pairs(possible))
        found += [_suspect(oracle, answers, pair) for pair in _shown(double)]
    return sorted(found, key=lambda s: s.distance)


def _shown(work: list) -> tqdm:
    return tqdm(work, unit="caller", desc="comparing callers", delay=5)


def _suspect(oracle: Oracle, answers: Answers, mistakes: tuple) -> Suspect:
    classifies = oracle.module.classifies
    expected = oracle.answers(mistakes)
    distance = _mean(answers.values, expected, classifies)
    if distance > CEILING:
        return Suspect(mistakes, distance, CEILING, np.inf)
    # Another right program may be nearer, and tells how much is noise.
    others = oracle.answers(mistakes, by_others)
    noise = _mean(expected, others, classifies)
    finer, finer_noise = 0.0, 0.0
    if classifies:
        finer = min(
            finer_distance(answers.values, expected),
            finer_distance(answers.values, others),
        )
        finer_noise = finer_distance(expected, others)
    return Suspect(
        mistakes,
        min(distance, _mean(answers.values, others, classifies)),
        min(max(FLOOR, 2 * noise), CEILING),
        finer,
        finer > max(_FINER_FLOOR, 2 * finer_noise),
    )


def _mean(answers: np.ndarray, others: np.ndarray, classifies: bool) -> float:
    found = distances(answers, others, classifies=classifies).mean()
    # No answer is near to one that is no number.
    return float(found) if np.isfinite(found) else np.inf


def _rivals(near: list[Suspect]) -> list[Suspect]:
    """Those of the nearest that answers do not tell apart."""
    simple = [suspect for suspect in near if len(suspect.mistakes) < 2]
    if simple:
        distance = min(suspect.distance for suspect in simple)
        finer = min(suspect.finer for suspect in simple)
        worth = [
            suspect
            for suspect in near
            if suspect.distance <= distance and _WORTH * suspect.finer < finer
        ]
        near = worth or simple
    limit = 2 * near[0].distance + RESOLUTION
    rivals = [suspect for suspect in near if suspect.distance <= limit]
    limit = 2 * min(suspect.finer for suspect in rivals) + _FINER_RESOLUTION
    return [suspect for suspect in rivals if suspect.finer <= limit]


def judge_caller(found: list[Suspect], num_clips: int) -> Finding:
    """Says which caller it was, or that it is none of them.

    Args:
      found: from `suspects`.
      num_clips: that were compared.
    """
    (right,) = [suspect for suspect in found if not suspect.mistakes]
    near = [suspect for suspect in found if suspect.explains]
    numbers = f"answers to {num_clips} clips"
    if not near and found[0] is right and right.distance <= CEILING:
        return judge(
            "caller",
            numbers,
            warnings=[
                f"no known mistake; {RIGHT} is nearest, at "
                f"{right.distance:.3f}, which is more than rounding: are "
                "pictures resized or compressed in another way?"
            ],
        )
    if not near:
        return judge(
            "caller",
            numbers,
            errors=[
                "none of the known mistakes explains them; the nearest is "
                f"{found[0].words} at a distance of {found[0].distance:.3f}, "
                f"{RIGHT} is at {right.distance:.3f}. Is it this module, "
                "and are these its clips?"
            ],
        )
    rivals = _rivals(near)
    words = ", ".join(
        f"{suspect.words} ({suspect.distance:.3f})" for suspect in rivals
    )
    if len(rivals) > 1:
        problem = [f"cannot be told apart: {words}"]
        if right in rivals:
            return judge("caller", numbers, warnings=problem)
        return judge("caller", numbers, errors=problem)
    (caller,) = rivals
    if caller is right:
        others = [s.distance for s in found if s is not right]
        return judge(
            "caller",
            f"{numbers} are those of {words}; the nearest mistake is at "
            f"{min(others, default=np.inf):.3f}",
        )
    problem = [f"{words}; {RIGHT} is at {right.distance:.3f}"]
    if caller.mistakes == (OTHER_CLIP,):
        return judge("caller", numbers, warnings=problem)
    return judge("caller", numbers, errors=problem)


def nearest_lines(found: list[Suspect]) -> list[str]:
    """The nearest callers, for the screen."""
    return [f"  {s.distance:.3f}  {s.words}" for s in found[:_SHOWN]]
