"""Stages with relays, in the families that are not DNR's own."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.dnr.relays import CrossLayer, CrossTemporal
from d3d_tf.models.x3d.blocks import ResidualStage
from d3d_tf.models.x3d.table import Stage
from tests.harness.family import check_family, promises
from tests.harness.networks import randomize
from tests.harness.tiny import INCEPTION_DNR, X3D_DNR

# In the slow tier all; these say the most.
FAST = ("folded",)
SLOW = [p for p in promises() if p not in FAST]


@pytest.mark.parametrize("case", [INCEPTION_DNR, X3D_DNR], ids=["s3d", "x3d"])
@pytest.mark.parametrize("promise", promises(*SLOW))
def test_hosts(case, promise, request):
    check_family(case, promise, request)


def relays(network, kind) -> list:
    return [x for x in network._flatten_layers() if isinstance(x, kind)]


def test_where_they_are():
    """In an Inception block after both 3x3 convolutions, in X3D after a and b
    of each of 1 + 2 + 3 + 2 blocks; all have a cell but a's, which share
    the one of their stage.
    """
    inception = INCEPTION_DNR.network()
    assert [x.name for x in relays(inception, CrossTemporal)] == ["DNR"] * 2
    assert not relays(inception, CrossLayer)
    x3d = X3D_DNR.network()
    assert len(relays(x3d, CrossTemporal)) == len(relays(x3d, CrossLayer)) == 8
    cells = {v.name.rpartition("/lstm/")[0] for v in x3d.variables}
    assert len(cells - {""}) == 8 + 4


def test_the_state_goes_from_block_to_block():
    """A first block that is cut off its relay changes what the second does,
    and nothing else: its own answer is left out by a scale of 0.
    """
    recipe = dataclasses.replace(X3D_DNR.recipe, squeeze_excite=False)
    stage = ResidualStage(Stage(4, 8, 2), recipe, number=2, index=0)
    clip = tf.random.stateless_normal([1, 4, 8, 8, 4], [0, 1])
    stage(clip)
    randomize(stage)
    first, second = stage.blocks
    first.c_bn.gamma.assign(tf.zeros(4))
    first.c_bn.beta.assign(tf.zeros(4))
    start = stage.lstm.start(1)
    net, state = first(clip, start, stage.lstm)
    told, _ = second(net, state, stage.lstm)
    np.testing.assert_array_equal(stage(clip), told)
    alone, _ = second(net, start, stage.lstm)
    assert np.abs(told - alone).max() > 1e-3
