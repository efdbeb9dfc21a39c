"""Features of another width than YouTube-8M's, with and without sound."""

import numpy as np
import pytest

from d3d_tf.config import to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models import make_network
from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.models.vlad_mixture.config import MixtureRecipe

SMALL = {"groups": 4, "clusters": 4, "hidden": 16, "reduction": 2}


def test_saved_recipes_of_before_say_nothing_of_it():
    assert not {"rgb_features", "audio_features"} & to_dict(HRNNRecipe()).keys()
    assert to_dict(HRNNRecipe(rgb_features=6))["rgb_features"] == 6


@pytest.mark.parametrize("audio", [0, 4])
@pytest.mark.parametrize(
    "family, fields",
    [
        (NeXtVLADRecipe, SMALL),
        (NeXtVLADRecipe, SMALL | {"model": "netvlad"}),
        (MixtureRecipe, SMALL),
        (HRNNRecipe, {"cells": 3, "chunk_frames": 2}),
    ],
    ids=["nextvlad", "netvlad", "mixture", "hrnn"],
)
def test_networks_of_any_width(family, fields, audio):
    """Every feature counts, those of the sound, too."""
    recipe = family(rgb_features=6, audio_features=audio, **fields)
    network = make_network(recipe, 3, "features")
    assert network.trunk.channels == 6 + audio
    clip = np.random.default_rng(0).normal(size=[1, 5, 6 + audio])
    clip = np.float32(clip)
    answer = network(clip)
    assert answer.shape == [1, 3]
    for place in range(6 + audio):
        changed = clip.copy()
        changed[..., place] += [0, 1, 0, -1, 2]
        assert np.abs(network(changed) - answer).max() > 1e-7


def test_parameters_without_sound():
    """By hand.

    6 features become 12: 84. Attention of 4 groups: 52. Clusters 12 x 16;
    centres 3 x 4; normalisations 2 x 16 and 2 x 12; hidden 12 x 16 and 2 x 16;
    gate 16 x 8, 2 x 8 and 8 x 16; classifier 16 x 3 + 3.
    """
    recipe = NeXtVLADRecipe(rgb_features=6, audio_features=0, **SMALL)
    network = make_network(recipe, 3, "features")
    count = sum(int(np.prod(v.shape)) for v in network.trainable_variables)
    expected = 84 + 52 + 192 + 12 + 32 + 24 + 192 + 32 + 128 + 16 + 128 + 51
    assert count == expected


def test_groups_must_divide_them():
    with pytest.raises(UsageError, match="a divisor of 5 "):
        NeXtVLADRecipe(rgb_features=5, audio_features=0, groups=8)
