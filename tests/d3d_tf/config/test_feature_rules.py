"""What may not stand together; the messages' keys are the recipe's."""

import pytest

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES

FEATURES, VIDEOS = RECIPES["toy_features"], RECIPES["toy"]


@pytest.mark.parametrize(
    "recipe, settings, message",
    [
        (VIDEOS, ["task=youtube8m"], "network.model must be one that looks at"),
        (VIDEOS, ["fewer_frames.way=first"], "fewer_frames.way must be left"),
        (FEATURES, ["task=multilabel"], "network.model must be one that"),
        (FEATURES, ["evaluation.clips=3"], "evaluation.clips must be left"),
        (
            FEATURES,
            ["terms=[]", "cached_views=2"],
            "distill.cached_views must be left",
        ),
        (
            FEATURES,
            ["terms=[]", "flow_weight=1"],
            "distill.flow_weight must be left",
        ),
        (FEATURES, ["motions=headings"], "toy.motions must be topics with"),
    ],
)
def test_what_does_not_go_together(recipe, settings, message):
    with pytest.raises(UsageError, match=message):
        config.override(recipe, settings)


def test_what_does():
    found = config.override(FEATURES, ["way=last", "k=5"])
    assert found.fewer_frames.way == "last" and found.of_features
    assert not VIDEOS.of_features
