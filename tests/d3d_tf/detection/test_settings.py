"""Rules of an evaluation, as `--set` gives them."""

import pytest

from d3d_tf.detection.settings import DetectionRecipe, detection_settings
from d3d_tf.errors import UsageError


def test_with_and_without_the_section():
    found = detection_settings(
        ["detection.iou=0.75", "excluded=a.csv", "unlisted_keyframes=false"]
    )
    assert found == DetectionRecipe(
        iou=0.75, excluded="a.csv", unlisted_keyframes=False
    )
    assert detection_settings([]) == DetectionRecipe()


@pytest.mark.parametrize(
    "setting, message",
    [
        ("iou=0", "detection.iou must be above 0, at most 1; got 0"),
        ("rows_per_keyframe=-1", "must be 0 .all. or more"),
        ("views=3", "keys: detection.label_map"),
        ("iou", "says nothing about detections"),
    ],
)
def test_wrong_ones(setting, message):
    with pytest.raises(UsageError, match=message):
        detection_settings([setting])
