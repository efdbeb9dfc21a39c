"""The doctor names the mistake of a program that it does not know."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.doctor.findings import ERROR, OK, WARNING
from d3d_tf.doctor.module.answers import Answers
from d3d_tf.doctor.module.diagnosis import (
    Suspect,
    judge_caller,
    nearest_lines,
    suspects,
)
from d3d_tf.doctor.module.mistakes import MISTAKES, OTHER_CLIP
from d3d_tf.hub_export.client.clip import encoded_clip
from tests.d3d_tf.doctor.module.conftest import CLIP, LABELS
from tests.d3d_tf.doctor.module.programs import clip_of, names_of
from tests.harness import softmax

WORDS = {
    "bytes": "values in [0, 255], not in [0, 1]",
    "signed": "values in [-1, 1], not in [0, 1]",
    "ImageNet": "values normalised by ImageNet's mean and deviation, not in "
    "[0, 1]",
    "BGR": "BGR, not RGB",
    "sorted": "labels sorted by name",
    "labels reversed": "labels in reversed order",
    "background": "each output called by the label behind it",
    "squeezed": "pictures squeezed, not cropped",
    "small": "pictures cropped from too small a size",
    "every frame": "every frame of the file, whatever its rate",
    "first frames": "the first frames of the file, whatever its rate",
    "half rate": "half the frame rate",
    "spread": "frames spread over the whole file, not at the frame rate",
    "reversed": "reversed time",
    "mirrored": "left and right exchanged",
}


@pytest.fixture(scope="session")
def program(served):
    """Answers of a program, by hub.KerasLayer, with the names it gives."""
    layer = hub.KerasLayer(str(served.path))

    def run(*mistakes):
        clips = [clip_of(c, **CLIP, mistakes=mistakes) for c in served.clips]
        scores = np.stack([softmax(layer(clip[None]))[0] for clip in clips])
        names = names_of(LABELS, mistakes)
        values = scores[:, [names.index(label) for label in LABELS]]
        return Answers([c.stem for c in served.clips], values, True)

    return run


@pytest.fixture(scope="session")
def verdict(served):
    module = served.module

    def say(answers):
        found = suspects(module, served.clips, answers)
        return judge_caller(found, len(answers.clips))

    return say


def test_a_right_program(program, verdict):
    found = verdict(program())
    assert found.level == OK
    assert "answers to 4 clips are those of a right caller (0.00" in found.text


def test_the_clients_jpegs(served, verdict):
    """Decoded and resized by the module; half of the colours' detail is gone.

    This module sees that as well as a doubled frame rate.
    """
    module = served.module
    values = []
    for clip in served.clips:
        sent = encoded_clip(clip, module.info, frames=8, frame_rate=25)
        answer = module.loaded.signatures["frames_encoded"](
            frames=tf.constant([sent])
        )
        values.append(answer["probabilities"].numpy()[0])
    names = [c.stem for c in served.clips]
    found = verdict(Answers(names, np.float64(values), False))
    assert found.level != ERROR
    assert "a right caller (0.0" in found.text


@pytest.mark.parametrize("mistake", WORDS)
def test_one_mistake(program, verdict, mistake):
    found = verdict(program(mistake))
    assert found.level == ERROR
    assert found.text.startswith(f"answers to 4 clips; {WORDS[mistake]} (0.00")
    assert "cannot be told apart" not in found.text
    assert "; a right caller is at 0." in found.text


def test_another_clip_is_no_error(program, verdict):
    found = verdict(program("first clip"))
    assert found.level == WARNING
    assert f"4 clips; {OTHER_CLIP.words} (0.00" in found.text


@pytest.mark.parametrize(
    "pair",
    [
        ("BGR", "first frames"),
        ("BGR", "sorted"),
        ("signed", "squeezed"),
        ("sorted", "small"),
    ],
)
def test_two_mistakes(program, verdict, pair):
    """In either order."""
    found = verdict(program(*pair))
    assert found.level == ERROR
    told = found.text.removeprefix("answers to 4 clips; ").split(" (0.00")[0]
    assert set(told.split(" + ")) == {WORDS[mistake] for mistake in pair}


def test_random_answers(served, verdict):
    rng = np.random.default_rng(0)
    values = rng.dirichlet(np.ones(len(LABELS)), len(served.clips))
    found = verdict(Answers([c.stem for c in served.clips], values, True))
    assert found.level == ERROR
    assert "none of the known mistakes explains them" in found.text


def test_rounded_answers_of_two_classes(program, verdict):
    """As web pages show them."""
    whole = program("BGR")
    order = np.argsort(np.argsort(-whole.values, axis=1), axis=1)
    values = np.where(order < 2, whole.values.round(3), np.nan)
    found = verdict(Answers(whole.clips, values, True))
    assert f"4 clips; {WORDS['BGR']} (0.00" in found.text


def test_two_clips(program, verdict):
    whole = program("mirrored")
    found = verdict(Answers(whole.clips[2:], whole.values[2:], True))
    assert f"answers to 2 clips; {WORDS['mirrored']} (0.00" in found.text


def suspect(number, distance, tolerance=0.02, finer=0.0):
    return Suspect(MISTAKES[number : number + 1], distance, tolerance, finer)


RIGHT = Suspect((), 0.5, 0.02, 0.0)


def test_several_that_fit():
    """0.002 and the resolution reach 0.004 and not 0.007."""
    found = [suspect(0, 0.001), suspect(1, 0.004), suspect(2, 0.007), RIGHT]
    told = judge_caller(found, 4)
    assert told.level == ERROR
    assert "cannot be told apart: values in [0, 255], not in [0, 1] (0.001), "
    assert told.text.count("(0.0") == 2
    # A right caller may be it, so it is no error.
    near = Suspect((), 0.0, 0.02, 0.0)
    assert judge_caller([near, suspect(3, 0.001)], 4).level == WARNING


def test_sure_answers_are_compared_more_finely():
    found = [suspect(0, 0.0, finer=0.01), suspect(1, 0.0, finer=3.0), RIGHT]
    assert "; values in [0, 255], not in [0, 1] (0.000); a" in (
        judge_caller(found, 4).text
    )


def test_what_is_farther_than_noise_is_none():
    found = [suspect(0, 0.03), RIGHT]
    assert "none of the known" in judge_caller(found, 4).text
    assert judge_caller([suspect(0, 0.03, 0.05), RIGHT], 4).text.startswith(
        "answers to 4 clips; values"
    )


def test_what_is_nearly_right():
    """Farther than a right caller may be, but nearest to it."""
    nearly = Suspect((), 0.05, 0.02, 0.0)
    told = judge_caller([nearly, suspect(0, 0.3)], 4)
    assert told.level == WARNING
    assert "no known mistake; a right caller is nearest, at 0.050" in told.text
    # This far it is not that.
    found = [Suspect((), 0.2, 0.02, 0.0), suspect(0, 0.3)]
    assert "none of the known" in judge_caller(found, 4).text


def test_lines():
    assert nearest_lines([suspect(3, 0.0123), RIGHT]) == [
        "  0.012  BGR, not RGB",
        "  0.500  a right caller",
    ]
