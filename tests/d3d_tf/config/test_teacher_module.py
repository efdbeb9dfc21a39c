"""The section `teacher_module` of a recipe."""

import pytest

from d3d_tf.config import override, to_dict
from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY


def test_what_is_said_of_a_module():
    recipe = override(
        TOY, ["teacher_module.range=[-1,1]", "teacher_module.size=112"]
    )
    assert recipe.teacher_module.range == (-1, 1)
    assert to_dict(recipe)["teacher_module"]["size"] == 112
    assert "teacher_module" not in to_dict(TOY)  # As in recipes of before.


@pytest.mark.parametrize(
    "setting, words",
    [
        ("teacher_module.range=[1,0]", "black below white; got"),
        ("teacher_module.frames=-1", "what its module.json says"),
        ("teacher_module.fps=3", "'teacher_module.fps' is unknown"),
    ],
)
def test_what_is_wrong_is_named(setting, words):
    with pytest.raises(UsageError, match=words):
        override(TOY, [setting])
