"""The example clip that an export writes with the module's answer."""

import base64
import json

import cv2
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.hub_export.client.example import ANSWER, FOLDER, REQUEST
from d3d_tf.hub_export.example import draw, drawn_for
from d3d_tf.hub_export.signature_inputs import ClipSpec
from tests.hub_export.practice import FRAMES, LABELS, SHORT_SIDE


def test_what_an_export_writes(exported):
    """The answer is the network's to the pictures.

    Of 10 x 13 pixels the network sees the 8 x 8 in the middle, from row 1 and
    column 2.
    """
    network, path = exported
    request = json.loads((path / FOLDER / REQUEST).read_text())
    assert request["signature_name"] == "frames_encoded"
    (clip,) = request["inputs"]["frames"]
    pictures = [
        tf.io.decode_jpeg(base64.b64decode(frame["b64"])).numpy()
        for frame in clip
    ]
    assert np.shape(pictures) == (FRAMES, SHORT_SIDE, 13, 3)
    pixels = np.float32(pictures)[None, :, 1:9, 2:10]
    logits = network(pixels / 127.5 - 1, training=False)
    answer = json.loads((path / FOLDER / ANSWER).read_text())
    assert answer["output"] == "probabilities"
    assert len(answer["values"]) == len(LABELS)
    expected = tf.nn.softmax(logits)[0]
    np.testing.assert_allclose(answer["values"], expected, atol=1e-5)
    module = json.loads((path / "module.json").read_text())
    assert module["example"] == FOLDER
    assert module["content"] == answer["content"]


@pytest.mark.parametrize(
    "frames, shortest, expected", [(64, 8, 16), (4, 1, 4), (40, 24, 24)]
)
def test_it_is_short(frames, shortest, expected):
    clip = drawn_for(ClipSpec(frames, 24, 30, shortest))
    assert clip.shape == (expected, 30, 40, 3)


def test_mistakes_change_the_clip():
    """Swapped colours, mirrored sides, reversed time and a squeezed picture
    are other pictures, by more than a JPEG loses."""
    clip = draw(8, 48).astype(float)
    middle = clip[:, :, 8:56]
    squeezed = [cv2.resize(picture, (48, 48)) for picture in clip]
    for spoiled in (
        middle[..., ::-1],
        middle[:, :, ::-1],
        middle[::-1],
        np.array(squeezed),
    ):
        assert np.abs(spoiled - middle).mean() > 8
    red, green, blue = middle.mean(axis=(0, 1, 2))
    assert red > green + 8 > blue + 16
