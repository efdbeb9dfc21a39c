"""README.md of a detector's module."""

from d3d_tf.hub_export.detection.card import card

TOLD = {
    "recipe": "ava_d3d",
    "kind": "detection",
    "input": {
        "frames": 50,
        "shortest": 8,
        "longest": 200,
        "size": None,
        "short_side": 256,
        "most_pixels": 262144,
        "most_boxes": 1000,
        "range": [0, 1],
        "colour": "RGB",
    },
    "frame_rate": 25.0,
    "num_classes": 80,
    "labels_sha256": "ab12",
    "max_difference": {"reloaded": 2.5e-7},
    "warm_up": "none: there was no time",
    "tensorflow": "2.15.1",
    "metrics": {
        "baseline/frame_map": {"value": 0.805, "ci95": [0.79, 0.82], "n": 192}
    },
}


def test_what_a_caller_must_know():
    text = card(TOLD)
    assert text.startswith("# ava_d3d: detection of actions\n")
    for words in (
        "clips of 50 frames at 25 frames per second, with frame 25 (the first",
        "short side of 256 pixels",
        "at most 1000",
        "`[batch, N, 80]`",
        "8 to 200 frames of at most\n262144 pixels",
        "| baseline/frame_map | 0.805 [0.79, 0.82], 192 |",
        "| reloaded | 2.5e-07 |",
        "none: there was no time",
    ):
        assert words in text
