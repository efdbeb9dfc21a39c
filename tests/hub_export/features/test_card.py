"""README.md of a module of features."""

import json

import pytest

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.hub_export.features.card import in_words
from d3d_tf.hub_export.features.inputs import FeatureSpec


def test_what_a_caller_must_know(exported):
    text = (exported[1] / "README.md").read_text()
    assert text.startswith("# practice: classification of features\n")
    for words in (
        "`[batch, frames, 1152]`: 1024 numbers of the picture and 128",
        "float32 in [-2, 2] or uint8",
        "sees every 60-th of them, from the first on",
        "logits `[batch, 3]`",
        "`rgb_audio_uint8` | `rgb` uint8 `[batch, frames, 1024]`",
        "1 to\n300 frames",
        "| without_padding | ",
    ):
        assert words in text
    told = json.loads((exported[1] / "module.json").read_text())
    for signature in told["signatures"]:
        assert f"| `{signature}` |" in text


@pytest.mark.parametrize(
    "way, words",
    [
        ("all", "sees all of them"),
        ("last", "sees the last 30"),
        ("random", "sees 30 of them, drawn"),
        ("first_middle_last", "a third each"),
    ],
)
def test_frames_in_words(way, words):
    text = in_words(FeatureSpec(FrameSamplingRecipe(way=way)))
    assert text.startswith("send all frames of a video") and words in text


def test_means_of_videos():
    spec = FeatureSpec(FrameSamplingRecipe(), longest=1)
    assert in_words(spec) == "send the mean of a video's frames as one frame"
