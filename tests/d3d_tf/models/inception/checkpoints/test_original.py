"""What a TensorFlow 1 checkpoint says of its network."""

import pytest

from d3d_tf.models import make_network
from d3d_tf.models.inception.checkpoints.original import TF1Original
from tests.published import (
    SMALL,
    deepmind_shapes,
    flat_shapes,
    slim_shapes,
    values,
    write,
)


def opened(tmp_path, shapes, **stated):
    path = write(tmp_path / "model.ckpt", values(shapes))
    return TF1Original(path, scope=None, averages=False, stated=stated)


@pytest.mark.parametrize(
    "shapes, kind, model, classes, dropout",
    [
        (slim_shapes(5, **SMALL), "slim", "s3dg", 5, 0.2),
        # DeepMind's README: 0.5.
        (deepmind_shapes(7, **SMALL), "deepmind", "i3d", 7, 0.5),
        (flat_shapes(11, **SMALL), "slim2d", "i3d", None, 0.2),
    ],
)
def test_what_it_is(tmp_path, shapes, kind, model, classes, dropout):
    original = opened(tmp_path, shapes)
    assert (original.kind, original.network.model) == (kind, model)
    assert original.num_classes == classes
    assert original.network.dropout == dropout
    assert ("model" in original.free) == (classes is None)


def test_of_pictures_the_head_is_not_used(tmp_path):
    original = opened(tmp_path, flat_shapes(11, **SMALL))
    network = make_network(original.network, 3, "frames")
    names = original.variables(network)
    assert len(names) == len(network.variables) - 2
    assert not any(name.startswith("Logits") for name in names)
