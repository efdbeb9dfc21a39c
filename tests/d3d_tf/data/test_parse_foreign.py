"""Records of other tools, one by one; every expected value is written here."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.parse_foreign import describe_foreign, parse_foreign
from tests.harness import foreign_record

CLASSES = ["jump", "run", "wave"]


def grey(level: int, *, png: bool = False) -> bytes:
    pixels = np.full([24, 32, 3], level, np.uint8)
    encode = tf.io.encode_png if png else tf.io.encode_jpeg
    return encode(pixels).numpy()


@pytest.mark.parametrize("png", [False, True])
def test_a_record_with_frames_and_a_label_only(png):
    """What the Model Garden's parser needs; sizes are in the frames."""
    frames = [grey(level, png=png) for level in (1, 2, 3)]
    video = parse_foreign(
        foreign_record(frames, clip__label__index=2), classes=None
    )
    assert video["frames"].numpy().tolist() == frames
    assert int(video["label"]) == 2
    assert [int(video[k]) for k in ("length", "height", "width")] == [3, 24, 32]
    assert video["id"].numpy().startswith(b"record-")


@pytest.mark.parametrize("key", ["clip__label__text", "clip__label__string"])
def test_the_label_string_decides(key):
    """DMVR's `text`, MediaSequence's `string`; the index says another."""
    record = foreign_record([grey(0)], **{key: "wave", "clip__label__index": 0})
    assert int(parse_foreign(record, CLASSES)["label"]) == 2
    assert int(parse_foreign(record, None)["label"]) == 0


def test_names_of_a_clip():
    """`example/id` as it is; others of the video alone, so with a digest."""

    def name(level=0, **context):
        record = foreign_record([grey(level)], **context)
        return describe_foreign(record)["id"].numpy().decode()

    assert name(example__id="a", clip__media_id="b") == "a"
    assert name(clip__media_id="b", video__filename="c").startswith("b-")
    assert name(video__filename="c.mp4").startswith("c.mp4-")
    # Two clips of one video.
    assert name(0, video__filename="c") != name(90, video__filename="c")


def test_the_index_and_the_pipeline_know_a_clip_by_the_same_name():
    """One asks record by record, the other in a graph."""
    record = foreign_record([grey(0)], video__filename="c")
    data = tf.data.Dataset.from_tensors(record).map(describe_foreign)
    assert data.get_single_element()["id"] == describe_foreign(record)["id"]


def test_what_else_is_told():
    """DMVR's times are microseconds: 2 s to 5.5 s."""
    told = describe_foreign(
        foreign_record(
            [grey(0)],
            clip__start__timestamp=2_000_000,
            clip__end__timestamp=5_500_000,
            image__frame_rate=12.5,
        )
    )
    assert float(told["seconds"]) == 3.5
    assert float(told["frame_rate"]) == 12.5
    assert int(told["label"]) == -1
    assert told["label_string"].numpy() == b""
