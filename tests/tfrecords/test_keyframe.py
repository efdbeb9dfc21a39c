"""A keyframe in a record, by the names of other tools' records of AVA."""

import pytest
import tensorflow as tf

from d3d_tf.tfrecords.keyframe import Keyframe, add_keyframe

ONE, OTHER = (0.125, 0.25, 0.5, 0.75), (0.0, 0.5, 1.0, 1.0)


def test_context_and_lists():
    example = tf.train.SequenceExample()
    keyframe = Keyframe(
        index=1,
        boxes=(ONE, OTHER),
        actions=((3, "sit"), (0, "größer")),
        proposals=((OTHER, 0.5),),
    )
    add_keyframe(example, keyframe, frames=3)
    context = example.context.feature
    key = "clip/key_frame/"
    assert context[key + "frame_index"].int64_list.value == [1]
    found = {
        side: list(context[f"{key}bbox/{side}"].float_list.value)
        for side in ("ymin", "xmin", "ymax", "xmax", "score")
    }
    assert found == {
        "ymin": [0.125, 0.0],
        "xmin": [0.25, 0.5],
        "ymax": [0.5, 1.0],
        "xmax": [0.75, 1.0],
        "score": [1.0, 1.0],
    }
    assert context[key + "bbox/label/index"].int64_list.value == [3, 0]
    names = context[key + "bbox/label/string"].bytes_list.value
    assert [name.decode() for name in names] == ["sit", "größer"]
    lists = example.feature_lists.feature_list
    for side, value in {"ymin": 0.0, "xmax": 1.0, "score": 0.5}.items():
        features = lists[f"detectron_frcnn_person/region/bbox/{side}"].feature
        values = [list(feature.float_list.value) for feature in features]
        assert values == [[], [pytest.approx(value)], []]


def test_nobody():
    example = tf.train.SequenceExample()
    add_keyframe(example, Keyframe(index=0), frames=2)
    context = example.context.feature
    assert context["clip/key_frame/frame_index"].int64_list.value == [0]
    assert not context["clip/key_frame/bbox/ymin"].float_list.value
