"""One class, or several."""

from d3d_tf.tfrecords.rows import digested, labels_of

ROW = {"id": "a", "sha256": "beef", "label": 2, "frames": 9}


def test_one_class_is_a_number_as_it_always_was():
    assert labels_of(ROW) == [2]
    assert digested(ROW) == ["a", "beef", 2, 9]


def test_several_classes():
    row = ROW | {"labels": [2, 0]}
    assert labels_of(row) == [2, 0]
    assert digested(row) == ["a", "beef", [2, 0], 9]
