"""Records made by hand; the kit's numbers are in test_youtube8m.py."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.parse_youtube8m import parse_videos
from d3d_tf.data.youtube8m import CLASSES
from tests.harness.yt8m import feature_record as record


def test_the_release_of_2017():
    """It calls the id otherwise and has more classes; bytes 0 and 255."""
    videos = parse_videos(
        [record("video_id", labels=[4715])], CLASSES[2017], False
    )
    assert videos["id"].numpy() == [b"a"]
    assert np.flatnonzero(videos["label"][0]).tolist() == [4715]
    assert videos["frames"].numpy().tolist() == [1]
    first = videos["features"][0, 0].numpy()
    np.testing.assert_array_equal(first[:1024], np.float32(-1.9921875))
    expected = np.float32(4 / 512 - 2) + np.float32(255) * np.float32(4 / 255)
    np.testing.assert_array_equal(first[1024:], expected)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"labels": [3862]}, "(?s)Video.*a.*a label that is none of 3862"),
        ({"labels": [-1]}, "a label that is none of 3862"),
        ({"rgb": [b"\0" * 1023]}, "whose rgb is not of 1024 bytes"),
        ({"audio": [b"\0" * 129]}, "whose audio is not of 128 bytes"),
        ({"audio": [b"\0" * 128] * 2}, "not as many frames as sounds"),
    ],
    ids=["label", "negative", "rgb", "audio", "one more"],
)
def test_a_wrong_record_is_named(changes, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        good = record(name="b")
        parse_videos([good, record(**changes)], CLASSES[2018], False)
