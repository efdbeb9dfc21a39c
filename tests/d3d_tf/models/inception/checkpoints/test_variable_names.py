"""Our variables under the published names."""

import pytest
import tensorflow as tf

from d3d_tf.models import make_network
from d3d_tf.models.inception.checkpoints.variable_names import by_name, endpoint
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.inception.networks import S3DG
from tests.published import SMALL, WIDTH, i3d_shapes, slim_shapes


@pytest.mark.parametrize(
    "model, expected",
    [
        ("s3dg", slim_shapes(7, scope="", **SMALL)),
        ("s3d", slim_shapes(7, scope="", gating=None, **SMALL)),
        ("i3d", i3d_shapes(7, scope="", **SMALL)),
    ],
)
def test_every_variable_once(model, expected):
    """305 of S3D-G, 268 of S3D (37 gates less), 230 of I3D (facts.md, 7)."""
    network = make_network(InceptionRecipe(model=model, **WIDTH), 7, "frames")
    found = by_name(network)
    assert {k: tuple(v.shape) for k, v in found.items()} == expected
    assert len(found) == {"s3dg": 305, "s3d": 268, "i3d": 230}[model]
    assert {id(v) for v in found.values()} == {id(v) for v in network.variables}


def test_a_variable_of_our_own_is_told():
    class More(S3DG):
        def build(self, shape):
            self.extra = self.add_weight("extra", [1])
            super().build(shape)

    network = More(
        2,
        depth_multiplier=1 / 64,
        min_depth=2,
        final_endpoint="Conv2d_1a_7x7",
    )
    network(tf.zeros([1, 2, 32, 32, 3]))
    with pytest.raises(ValueError, match="No published checkpoint has .*extra"):
        by_name(network)


def test_endpoint():
    assert endpoint("Mixed_3b/Branch_1/Conv2d_0b_3x3/weights") == "Mixed_3b"
