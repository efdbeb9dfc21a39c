"""What recipes of all families with DNR have in common."""

import dataclasses

import pytest

from d3d_tf.config import to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models import architecture
from d3d_tf.models.dnr.config import RelayRecipe
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.x3d.config import X3DRecipe

HOSTS = (InceptionRecipe, LearnedFlowRecipe, X3DRecipe, ResNetRecipe)


@pytest.mark.parametrize("host", HOSTS)
def test_without_dnr_a_recipe_says_nothing_of_it(host):
    """So that digests of before stay."""
    own = {f.name for f in dataclasses.fields(RelayRecipe)} - {"model"}
    assert {"normaliser", "reduction", "bidirectional"} < own
    assert own & {*to_dict(host())} == set()
    own -= {"pixel_mean", "pixel_std"}
    assert own & {*architecture(host())} == set()


@pytest.mark.parametrize("host", HOSTS)
def test_what_dnr_alone_knows_is_no_difference_without(host):
    plain = host()
    other = dataclasses.replace(plain, frames_per_group=2, bidirectional=True)
    assert architecture(plain) == architecture(other)
    dynamic = host(normaliser="dnr")
    assert architecture(dynamic) != architecture(plain)
    other = dataclasses.replace(dynamic, frames_per_group=2)
    assert architecture(dynamic) != architecture(other)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"normaliser": "layer_norm"}, "normaliser must be one of batch_norm"),
        ({"frames_per_group": 0}, "network.frames_per_group must be above 0"),
        (
            {"statistics": "group"},
            "statistics must be batch without network.normaliser=dnr",
        ),
    ],
    ids=str,
)
def test_what_it_may_not_say(changes, message):
    with pytest.raises(UsageError, match=message):
        X3DRecipe(**changes)
