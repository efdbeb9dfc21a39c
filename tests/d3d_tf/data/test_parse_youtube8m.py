"""Records made by hand; the kit's numbers are in test_youtube8m.py."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.parse_youtube8m import features_of, parse_videos
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
    first = features_of(videos)[0, 0].numpy()
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
    """In a graph, too, where what comes first is anybody's guess."""
    records = [record(name="b"), record(**changes)]
    data = tf.data.Dataset.from_tensors(records)
    for choose in None, _first_of_two:

        def parse(records, choose=choose):
            return parse_videos(records, CLASSES[2018], False, choose=choose)

        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            parse(records)
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            next(iter(data.map(parse)))


def _first_of_two(ids, counts):
    places = tf.tile([[0, 1]], [tf.size(ids), 1])
    return places, tf.minimum(counts, 2)


def test_fewer_frames_and_none():
    """Of a video with frames and of one without; what is missing is 0."""
    long = record(name="a", rgb=[bytes([k]) * 1024 for k in (7, 8, 9)])
    none = tf.train.SequenceExample.FromString(record(name="b", rgb=[]))
    for name in "rgb", "audio":  # Lists that are there, and empty.
        none.feature_lists.feature_list[name].SetInParent()
    none = none.SerializeToString()

    def second_and_fourth(ids, counts):
        assert counts.numpy().tolist() in ([3, 0], [0])
        return tf.tile([[1, 3]], [tf.size(ids), 1]), tf.minimum(counts, 1)

    for records in ([long, none], [none]):
        videos = parse_videos(
            records, CLASSES[2018], False, choose=second_and_fourth
        )
        found = features_of(videos).numpy()
        assert found.shape == (len(records), 2, 1152)
        assert not found[-1].any() and not found[0, 1].any()
        frames = videos["frames"].numpy().tolist()
        assert frames == [1, 0][-len(records) :]
        whole = features_of(parse_videos(records, CLASSES[2018], False))
        assert whole.shape == (len(records), 300, 1152)
        np.testing.assert_array_equal(found[0, 0], whole[0, 1])
    assert not np.signbit(whole).any()
