"""The classes in a record, and what a manifest says of them."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.tasks.multilabel.target import ClassSet

TARGET = ClassSet()
KEY = "clip/label/index"


def context(*labels, names=()):
    features = tf.train.Features()
    features.feature[KEY].int64_list.value.extend(labels)
    features.feature["clip/label/string"].bytes_list.value.extend(names)
    return features


def parsed(*labels):
    example = tf.train.Example(features=context(*labels))
    values = tf.io.parse_single_example(
        example.SerializeToString(), TARGET.features()
    )
    return TARGET.parse(values, 4)


@pytest.mark.parametrize(
    "labels, expected",
    [
        ([2], [0, 0, 1, 0]),
        ([3, 0], [1, 0, 0, 1]),
        ([1, 1], [0, 1, 0, 0]),
        ([], [0, 0, 0, 0]),
        # No class of this data set: none at all, which no record may have.
        ([1, 4], [0, 0, 0, 0]),
        ([-1], [0, 0, 0, 0]),
    ],
)
def test_ones_where_a_class_is(labels, expected):
    target = parsed(*labels)
    assert target.dtype == tf.float32 and target.shape == [4]
    assert target.numpy().tolist() == expected


@pytest.mark.parametrize(
    "labels, row, agrees",
    [
        ([3, 0], {"label": 3, "labels": [3, 0]}, True),
        ([0, 3], {"label": 3, "labels": [3, 0]}, True),
        ([0], {"label": 0}, True),
        ([0, 1], {"label": 0}, False),
        ([0], {"label": 3, "labels": [3, 0]}, False),
        ([4], {"label": 0}, False),
        ([2, 1], None, True),
        ([], None, False),
    ],
)
def test_records_and_manifest(labels, row, agrees):
    listed = None if row is None else TARGET.listed([row], 4)[0]
    assert bool(TARGET.agrees(parsed(*labels), listed, 4)) is agrees
    assert (TARGET.problem(context(*labels), row, 4) is None) is agrees


def test_problems_for_people():
    row = {"label": 3, "labels": [3, 0]}
    assert TARGET.problem(context(1), row, 4) == (
        "the labels 1; manifest.json says 3, 0, of 4 classes"
    )
    assert TARGET.problem(context(), None, 4) == "the labels none of 4"


def test_a_flip_swaps_classes():
    """0 and 2 are mirror images."""
    target = tf.constant([1.0, 1.0, 0.0])
    flipped = TARGET.mirrored(target, True, [2, 1, 0])
    np.testing.assert_array_equal(flipped, [0, 1, 1])
    np.testing.assert_array_equal(
        TARGET.mirrored(target, False, [2, 1, 0]), target
    )
    assert TARGET.mirrored(target, True, None) is target


@pytest.mark.parametrize(
    "labels, names, words",
    [
        ([1, 0], [b"sit", b"eat"], None),
        ([2], [b"sit"], "label 2 of 2 classes"),
        ([1, 0], [b"sit"], "2 labels and 1 names of them"),
        (
            [0, 1],
            [b"eat", b"eat"],
            "label 1 is called 'eat' in the record and 'sit' in dataset.json",
        ),
    ],
)
def test_the_names_in_the_record(labels, names, words):
    found = TARGET.contradiction(context(*labels, names=names), ["eat", "sit"])
    assert found == words
