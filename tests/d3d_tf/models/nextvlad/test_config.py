"""What a recipe may say of a NeXtVLAD."""

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe


def test_the_sound_has_half_of_groups_and_clusters():
    recipe = NeXtVLADRecipe()
    assert (recipe.audio_groups, recipe.audio_clusters) == (4, 64)
    single = NeXtVLADRecipe(groups=1, clusters=1)
    assert (single.audio_groups, single.audio_clusters) == (1, 1)
    assert recipe.streams == ("features",)
    assert recipe.endpoints == ("vlad", "hidden", "gated")


def test_netvlad_has_neither_groups_nor_an_expansion():
    plain = NeXtVLADRecipe(model="netvlad")
    assert {"groups", "expansion"} <= set(plain.unused)
    assert "groups" not in NeXtVLADRecipe().unused


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"groups": 3}, "network.groups must be a divisor of 1024"),
        # 128 features of the sound in 256 groups.
        ({"groups": 512, "expansion": 1}, "network.groups must be a divisor"),
        ({"hidden": 4}, "network.reduction must be at most network.hidden"),
        ({"dropout": 1.0}, r"network.dropout must be in \[0, 1\)"),
        ({"model": "hrnn"}, "network.model must be one of nextvlad, netvlad"),
    ],
    ids=str,
)
def test_what_it_may_not_say(changes, message):
    with pytest.raises(UsageError, match=message):
        NeXtVLADRecipe(**changes)
