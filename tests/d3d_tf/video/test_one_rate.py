"""What is shown when, by hand: a frame's pixels are its number."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from d3d_tf.video.one_rate import Clip
from d3d_tf.video.timing import Timeline

# Of 25 frames per second, in ticks of a millisecond.
STREAM = SimpleNamespace(guessed_rate=Fraction(25), time_base=Fraction(1, 1000))


@pytest.fixture
def taken():
    """The numbers in a clip of 10 per second, of frames that begin at 0.3 s."""

    def of(times, end, **settings):
        clip = Clip(
            10, **{"max_seconds": 9, "start": 0.3, "end": 0.7} | settings
        )
        clip.begin(STREAM, lambda number: np.full([1, 1, 3], number, np.uint8))
        more = [clip.show(k, time - 0.3) for k, time in enumerate(times)]
        if end:
            clip.end_at(end - 0.3)
        video = clip.video(Timeline())
        return video.frames[:, 0, 0, 0].tolist(), more, clip.full

    return of


def test_frames_that_are_shown(taken):
    """At 0.3, 0.4, 0.5 and 0.6 s; one that begins then counts already."""
    numbers, more, full = taken([0.0, 0.2, 0.4, 0.44, 0.48, 0.7], None)
    assert numbers == [1, 2, 4, 4]
    assert more == [True] * 5 + [False]
    assert full


def test_the_file_ends(taken):
    """The last frame is shown up to then."""
    assert taken([0.2, 0.5], 0.58) == ([0, 0, 1], [True, True], False)
    assert taken([0.2, 0.5], 0.62) == ([0, 0, 1, 1], [True, True], True)
    # One frame there is in any case.
    assert taken([0.2], 0.3)[0] == [0]


def test_no_more_than_so_many_seconds(taken):
    assert taken([0.2, 0.5], 9, max_seconds=0.2) == (
        [0, 0],
        [True, False],
        True,
    )
