"""How far, and along what, an X3D grows."""

import pytest

from d3d_tf.config import override, to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models.x3d.expansion import AXES
from d3d_tf.recipes import RECIPES, TOY


def test_the_papers():
    """Sections 3.3 and 4.1: batches up to step 8, drop-connect from 11."""
    options = RECIPES["x3d_expansion_kinetics400"].expand
    assert options.axes == AXES
    assert (options.small_until, options.drop_connect_from) == (8, 11)
    # X3D-XL has 35.84 G.
    assert 35.84 < options.budget < 2 * 18.37


def test_recipes_that_do_not_grow_do_not_name_it():
    assert "expand" not in to_dict(TOY)


def test_axes_by_commas():
    recipe = override(TOY, ["expand.axes=fast,depth"])
    assert recipe.expand.axes == ("fast", "depth")
    with pytest.raises(UsageError, match="fast, temporal, spatial"):
        override(TOY, ["expand.axes=fast,time"])
