"""Records that cannot be used, each broken here in one way."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.soundness import picture_size, pixel_problem, record_problem
from tests.harness import foreign_record


def picture(height: int = 24, width: int = 32, **options) -> bytes:
    """A JPEG of noise."""
    pixels = np.random.default_rng(height).integers(
        0, 256, [height, width, 3], np.uint8
    )
    return tf.io.encode_jpeg(pixels, **options).numpy()


def png(bits: int = 8) -> bytes:
    kind = np.uint16 if bits == 16 else np.uint8
    return tf.io.encode_png(np.full([24, 32, 1], 200, kind)).numpy()


def two_in_one_feature() -> bytes:
    example = tf.train.SequenceExample()
    frames = example.feature_lists.feature_list["image/encoded"]
    values = tf.train.BytesList(value=[picture(), picture()])
    frames.feature.add(bytes_list=values)
    return example.SerializeToString()


def no_frames() -> bytes:
    example = tf.train.SequenceExample()
    example.feature_lists.feature_list["image/encoded"].SetInParent()
    return example.SerializeToString()


def other_list() -> bytes:
    return foreign_record([picture()]).replace(
        b"image/encoded", b"image/enc0ded"
    )


def plain_example() -> bytes:
    """What writers of single pictures make."""
    example = tf.train.Example()
    example.features.feature["image/encoded"].bytes_list.value.append(picture())
    return example.SerializeToString()


def with_text(text: bytes) -> bytes:
    example = tf.train.SequenceExample.FromString(foreign_record([picture()]))
    example.context.feature["clip/label/text"].bytes_list.value.append(text)
    return example.SerializeToString()


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (b"\xff\xff", "is not a tf.train.SequenceExample: write"),
        (plain_example(), "is a tf.train.Example, or has .*holds image/encod"),
        (b"", "no feature list 'image/encoded'; there is none at all"),
        (other_list(), "no feature list .*; there is image/enc0ded"),
        (two_in_one_feature(), "holds 2 values in one feature"),
        (no_frames(), "has no frame"),
        (
            foreign_record([picture(), picture(), picture(48, 64)]),
            r"of several sizes \(32 x 24 from frame 1, 64 x 48 from frame 3\)",
        ),
        (
            foreign_record([picture(), picture()[:-20]]),
            "damaged frame, 2 of 2: it is cut off",
        ),
        (
            foreign_record([picture()[:30]]),
            "damaged frame, 1 of 1: its header is damaged",
        ),
        (foreign_record([png()[:-8]]), "1 of 1: it is cut off"),
        (foreign_record([b"RIFF\0\0\0\0WEBP"]), "neither JPEG nor PNG.*RIFF"),
        (foreign_record([b""]), "neither JPEG nor PNG"),
        (
            foreign_record([picture()], clip__label__index=1.0),
            "clip/label/index as float_list and not as int64_list",
        ),
        (
            foreign_record([picture()], example__id=7),
            "example/id as int64_list and not as bytes_list",
        ),
        (
            with_text("ré".encode("latin-1")),
            "clip/label/text that is not UTF-8",
        ),
        (with_text(b"high\njump"), "clip/label/text with a line break: 'high'"),
    ],
)
def test_a_problem_in_words(record, words):
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(record_problem(record))


@pytest.mark.parametrize(
    "data",
    [
        picture(),
        picture(progressive=True),
        picture() + b"\0\0padding",
        b"\xff\xd8" + b"\xff" + picture()[2:],  # A fill byte.
        png(),
        png(bits=16),
    ],
)
def test_sound_pictures(data):
    assert picture_size(data) == (32, 24)
    assert record_problem(foreign_record([data])) is None
    assert pixel_problem(foreign_record([data])) is None


def test_damage_that_only_decoding_finds():
    """Zeros in a PNG's compressed pixels: header and end are whole."""
    data = bytearray(png())
    start = data.index(b"IDAT") + 4
    data[start : start + 12] = bytes(12)
    record = foreign_record([png(), bytes(data)])
    assert record_problem(record) is None
    assert pixel_problem(record).startswith(
        "has a damaged picture, 2 of 2 of 'image/encoded': "
    )
