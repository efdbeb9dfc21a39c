"""The persons of a record, and what a manifest says of them."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.tasks.detection.target import Persons

TARGET = Persons()
BOX = "clip/key_frame/bbox/"
ONE, OTHER = [0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 1.0, 1.0]


def context(*rows):
    """Of boxes with an action each."""
    features = tf.train.Features()
    for place, side in enumerate(("ymin", "xmin", "ymax", "xmax")):
        values = [box[place] for box, _ in rows]
        features.feature[BOX + side].float_list.value.extend(values)
    actions = [action for _, action in rows]
    features.feature[BOX + "label/index"].int64_list.value.extend(actions)
    union = list(dict.fromkeys(actions))
    features.feature["clip/label/index"].int64_list.value.extend(union)
    return features


def parsed(*rows):
    example = tf.train.Example(features=context(*rows))
    values = tf.io.parse_single_example(
        example.SerializeToString(), TARGET.features()
    )
    return TARGET.parse(values, 3)


def test_equal_boxes_are_one_person():
    target = parsed((ONE, 0), (OTHER, 1), (ONE, 2), (ONE, 2))
    assert target.dtype == tf.float32 and target.shape[1] == 7
    np.testing.assert_allclose(
        target, [[*ONE, 1, 0, 1], [*OTHER, 0, 1, 0]], atol=1e-7
    )
    assert parsed().shape == [0, 7]


def test_a_mirror_image_may_have_other_actions():
    target = parsed((ONE, 0), (OTHER, 1))
    same = TARGET.mirrored(target, tf.constant(True), None)
    np.testing.assert_array_equal(same, target)
    for flipped in (True, False):
        found = TARGET.mirrored(target, tf.constant(flipped), [1, 0, 2])
        expected = [[0, 1, 0], [1, 0, 0]] if flipped else target[:, 4:]
        np.testing.assert_array_equal(found[:, 4:], expected)
        np.testing.assert_array_equal(found[:, :4], target[:, :4])


@pytest.mark.parametrize(
    "actions, row, good",
    [
        ([0, 2], {"label": 0, "labels": [0, 2]}, True),
        ([2, 0], {"label": 0, "labels": [0, 2]}, True),
        ([0], {"label": 0, "labels": [0, 2]}, False),
        ([0, 1], {"label": 0, "labels": [0]}, False),
        ([], {"label": -1, "labels": []}, True),
        ([], {"label": 0, "labels": [0]}, False),
        ([1], {"label": -1, "labels": []}, False),
        # No action of this data set.
        ([3], {"label": 0, "labels": [0]}, False),
        ([1], None, True),
    ],
)
def test_records_and_manifest(actions, row, good):
    rows = [(ONE, action) for action in actions]
    listed = None if row is None else TARGET.listed([row], 3)[0]
    assert bool(TARGET.agrees(parsed(*rows), listed, 3)) == good
    assert (TARGET.problem(context(*rows), row, 3) is None) == good
