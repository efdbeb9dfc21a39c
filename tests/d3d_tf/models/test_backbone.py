"""What a family must answer."""

import pytest

from d3d_tf.models.backbone import Backbone, product


def test_strides_multiply():
    """Two halvings of all axes and one of rows and columns."""
    assert product([(2, 2, 2), (1, 2, 2), (2, 2, 2)]) == (4, 8, 8)


def test_time_stride_is_the_first():
    class Fixed(Backbone):
        def strides(self, endpoint):
            return {"a": (2, 4, 8)}[endpoint]

    assert Fixed().time_stride("a") == 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda b: b.endpoints,
        lambda b: b.channels,
        lambda b: b.up_to("a", None),
        lambda b: b.layers_up_to("a"),
        lambda b: b.strides("a"),
    ],
)
def test_nothing_is_answered_for_a_family(ask):
    with pytest.raises(NotImplementedError):
        ask(Backbone())
