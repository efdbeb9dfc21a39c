"""What callers of video networks do wrong, and what a module says then."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from d3d_tf.doctor.module import video
from d3d_tf.doctor.module.served import Module

# A step of its own, behind the module.
NAMES = "names"


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One step that is not done rightly.

    Attributes:
      words: for people.
      step: a field of `video.Steps`, or `NAMES`.
      way: how it is done instead; of `NAMES`, labels to indices: output k
        gets the name of label `way(labels)[k]`.
    """

    words: str
    step: str
    way: Callable


def by_name(labels: Sequence[str]) -> list[int]:
    """Sorted, as a listing of folders is."""
    return sorted(range(len(labels)), key=labels.__getitem__)


def backwards(labels: Sequence[str]) -> list[int]:
    """The last one first."""
    return list(range(len(labels)))[::-1]


def next_label(labels: Sequence[str]) -> list[int]:
    """As if the first one were left out; the last output wraps around."""
    return [(k + 1) % len(labels) for k in range(len(labels))]


def previous_label(labels: Sequence[str]) -> list[int]:
    """As if one more preceded them; the first output wraps around."""
    return [(k - 1) % len(labels) for k in range(len(labels))]


# Not wrong where it is meant; the module is evaluated by the middle.
OTHER_CLIP = Mistake(
    "the first clip of a video, not the middle one", "choose", video.beginning
)
MISTAKES = (
    Mistake("values in [0, 255], not in [0, 1]", "scale", video.levels),
    Mistake("values in [-1, 1], not in [0, 1]", "scale", video.signed),
    Mistake(
        "values normalised by ImageNet's mean and deviation, not in [0, 1]",
        "scale",
        video.standardized,
    ),
    Mistake("BGR, not RGB", "colour", video.blue_first),
    Mistake("labels sorted by name", NAMES, by_name),
    Mistake("labels in reversed order", NAMES, backwards),
    Mistake("each output called by the label behind it", NAMES, next_label),
    Mistake("each output called by the label before it", NAMES, previous_label),
    Mistake("pictures squeezed, not cropped", "cut", video.squeezed),
    Mistake(
        "pictures cropped from too small a size", "cut", video.cropped_small
    ),
    Mistake(
        "every frame of the file, whatever its rate",
        "choose",
        video.every_frame,
    ),
    Mistake(
        "the first frames of the file, whatever its rate",
        "choose",
        video.every_first_frame,
    ),
    Mistake("half the frame rate", "choose", video.half_rate),
    Mistake(
        "frames spread over the whole file, not at the frame rate",
        "choose",
        video.spread,
    ),
    OTHER_CLIP,
    Mistake("reversed time", "turn", video.reversed_time),
    Mistake("left and right exchanged", "mirror", video.mirrored),
)


def pairs(mistakes: Sequence[Mistake]) -> Iterator[tuple[Mistake, Mistake]]:
    """Two mistakes at a time, of two steps."""
    for one, other in itertools.combinations(mistakes, 2):
        if one.step != other.step:
            yield one, other


class Oracle:
    """A module's answers to callers of every kind.

    Args:
      module: the module.
      clips: files of bundled clips.
      named: whether the caller gives a name to each output; else it puts
        outputs into another order.
    """

    def __init__(self, module: Module, clips: list[Path], *, named=True):
        self.module, self.clips, self._named = module, clips, named
        self._known: dict[tuple, np.ndarray] = {}

    def answers(
        self,
        mistakes: Sequence[Mistake] = (),
        resize: Callable = video.as_prepared,
    ) -> np.ndarray:
        """float64 `[clips, classes or features]`, classes as in labels.txt."""
        changes = {m.step: m.way for m in mistakes}
        name = changes.pop(NAMES, None)
        key = (*sorted(changes.items(), key=str), resize)
        if key not in self._known:
            steps = video.Steps(**changes)
            self._known[key] = np.stack(
                [
                    self.module.answer(
                        video.seen(clip, self.module, steps, resize)
                    )
                    for clip in self.clips
                ]
            )
        found = self._known[key]
        if name is None:
            return found
        order = name(self.module.info.labels)
        if not self._named:
            return found[:, order]
        attached = np.empty_like(found)
        attached[:, order] = found
        return attached

    def possible(self) -> list[Mistake]:
        """The mistakes that this module's sizes, rate and labels leave room
        for."""
        return [mistake for mistake in MISTAKES if self._matters(mistake)]

    def _matters(self, mistake: Mistake) -> bool:
        if mistake.step == NAMES:
            labels = self.module.info.labels
            return self.module.classifies and mistake.way(labels) != list(
                range(len(labels))
            )
        steps = video.Steps(**{mistake.step: mistake.way})
        clip = self.clips[0]
        right = video.seen(clip, self.module, video.Steps())
        wrong = video.seen(clip, self.module, steps)
        return not np.array_equal(right, wrong)
