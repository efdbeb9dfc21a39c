"""A student starts with the layers of its teacher that no term reaches."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TermRecipe
from d3d_tf.errors import UserError
from d3d_tf.models.head_start import copy_head
from tests.harness.networks import randomize
from tests.harness.tiny import HRNN, NEXTVLAD, VLAD_MIXTURE


def pair(case, **changes):
    student, teacher = case.network(), case.network(**changes)
    randomize(teacher, seed=1)
    return student, teacher


def changed(before, network) -> list[bool]:
    pairs = zip(before, network.get_weights(), strict=True)
    return [bool((old != new).any()) for old, new in pairs]


@pytest.mark.parametrize(
    "case, terms",
    [
        (HRNN, ()),
        (NEXTVLAD, (TermRecipe(where="vlad"), TermRecipe())),
        (VLAD_MIXTURE, (TermRecipe(where="vlad"),)),
    ],
)
def test_what_no_term_reaches_is_the_teachers(case, terms):
    """From its encoding the student says what the teacher would of it."""
    student, teacher = pair(case)
    copied = case.network()
    copy_head(copied, teacher, terms)
    place = terms[0].where if terms else student.trunk.endpoints[-1]
    layers = copied.trunk.layers_up_to(place)
    untouched = student.trunk.layers_up_to(place)
    for own, old in zip(layers, untouched, strict=True):
        for one, other in zip(
            own.get_weights(), old.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    for own, theirs in zip(
        layers, teacher.trunk.layers_up_to(place), strict=True
    ):
        own.set_weights(theirs.get_weights())
    # Now all of it is the teacher's.
    assert changed(teacher.get_weights(), copied).count(True) == 0


def test_only_the_head_without_endpoints():
    student, teacher = pair(NEXTVLAD)
    before = student.get_weights()
    copy_head(student, teacher, (TermRecipe(),))
    assert changed(before, student).count(True) == 2
    features = tf.constant(NEXTVLAD.clips(2)[:, :1, :8])
    np.testing.assert_array_equal(
        student.head(features), teacher.head(features)
    )


def test_a_head_of_another_size():
    student, teacher = pair(NEXTVLAD, hidden=6)
    with pytest.raises(UserError, match="after vlad, but they are of other sh"):
        copy_head(student, teacher, (TermRecipe(where="vlad"),))
    with pytest.raises(UserError, match="layers after the trunk, but"):
        copy_head(student, teacher, ())
