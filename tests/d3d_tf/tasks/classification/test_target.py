"""The class in a record, and what a manifest says of it."""

import pytest
import tensorflow as tf

from d3d_tf.tasks.classification.target import ClassIndex

TARGET = ClassIndex()


def context(*labels, names=()):
    features = tf.train.Features()
    features.feature["clip/label/index"].int64_list.value.extend(labels)
    features.feature["clip/label/string"].bytes_list.value.extend(names)
    return features


def test_a_flip_swaps_classes():
    """Classes left, jump, right: 0 and 2 are mirror images."""
    for label, expected in ((0, 2), (1, 1), (2, 0)):
        label = tf.constant(label, tf.int64)
        for flipped, then in ((True, expected), (False, int(label))):
            assert int(TARGET.mirrored(label, flipped, [2, 1, 0])) == then
        assert TARGET.mirrored(label, True, None) is label


@pytest.mark.parametrize(
    ("label", "listed", "agrees"),
    [
        (1, 1, True),
        (1, 2, False),
        (3, 3, False),
        (-1, -1, False),
        (2, None, True),
        (3, None, False),
        (-1, None, False),
    ],
)
def test_records_and_manifest(label, listed, agrees):
    """Of three classes; None: the manifest is not compared."""
    row = None if listed is None else {"label": listed}
    told = None if row is None else TARGET.listed([row], 3)[0]
    target = tf.constant(label, tf.int64)
    assert bool(TARGET.agrees(target, told, 3)) is agrees
    if label >= 0:
        assert (TARGET.problem(context(label), row, 3) is None) is agrees


def test_problems_for_people():
    assert TARGET.problem(context(1, 2), {"label": 1}, 3) == (
        "the label 1, 2; manifest.json says 1, of 3 classes"
    )
    assert TARGET.problem(context(), {"label": 1}, 3) == (
        "the label none; manifest.json says 1, of 3 classes"
    )
    assert TARGET.problem(context(7), None, 3) == "the label 7 of 3 classes"
    # Other tools may write several: the first is the class.
    assert TARGET.problem(context(2, 9), None, 3) is None


@pytest.mark.parametrize(
    ("labels", "names", "words"),
    [
        ([1], [b"right"], None),
        ([1], [], None),
        ([], [b"right"], None),  # The schema's check reports it.
        ([2], [b"right"], "label 2 of 2 classes"),
        ([-1], [], "label -1 of 2 classes"),
        (
            [0],
            [b"right"],
            "label 0 is called 'right' in the record and 'left' in "
            "dataset.json",
        ),
    ],
)
def test_the_name_in_the_record(labels, names, words):
    found = TARGET.contradiction(
        context(*labels, names=names), ["left", "right"]
    )
    assert found == words
