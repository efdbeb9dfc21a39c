"""A record by hand, as TensorFlow's own parser has it."""

import numpy as np
import tensorflow as tf

from d3d_tf.tfrecords.feature_record import feature_record


def test_what_the_parser_sees():
    """Two frames of three bytes and a sound of one; then without sound."""
    rgb = np.uint8([[1, 2, 3], [0, 255, 7]])
    audio = np.uint8([[9], [10]])
    found = tf.train.SequenceExample.FromString(
        feature_record("größer", [4, 1], {"rgb": rgb, "audio": audio})
    )
    context = found.context.feature
    assert context["id"].bytes_list.value[:] == ["größer".encode()]
    assert context["labels"].int64_list.value[:] == [4, 1]
    lists = {
        key: [list(f.bytes_list.value) for f in part.feature]
        for key, part in found.feature_lists.feature_list.items()
    }
    assert lists == {
        "rgb": [[b"\x01\x02\x03"], [b"\x00\xff\x07"]],
        "audio": [[b"\x09"], [b"\x0a"]],
    }
    silent = tf.train.SequenceExample.FromString(
        feature_record("a", [], {"rgb": rgb})
    )
    assert [*silent.feature_lists.feature_list] == ["rgb"]
    assert not silent.context.feature["labels"].int64_list.value
