"""Networks of several families in one recipe.

The second family is in the table before the recipe is imported, as any family
is; so it is in a process of its own.
"""

import json
import subprocess
import sys

import pytest

from d3d_tf.config import Recipe, from_dict, override, to_dict
from d3d_tf.models import FAMILIES
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.recipes import TOY

_SCRIPT = """
import json, sys
from d3d_tf import models
models.FAMILIES["other"] = "tests.d3d_tf.models.other_family"
from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY

def answer(settings):
    try:
        recipe = config.override(TOY, settings)
    except UsageError as error:
        return str(error)
    again = config.from_dict(config.to_dict(recipe), "again")
    assert again == recipe
    return [recipe.network.__dict__, (recipe.teacher or recipe).__dict__]

def plain(value):
    return [str(value)]

print(json.dumps([answer(s) for s in json.loads(sys.argv[1])], default=plain))
"""


@pytest.fixture(scope="module")
def answers():
    asked = {
        "student": ["model=other", "width=2", "teacher.model=s3dg"],
        "teacher": ["teacher.model=other", "teacher.width=3"],
        "both": ["model=other"],
        "unknown key": ["model=other", "depth_multiplier=0.5"],
        "wrong value": ["teacher.model=other", "teacher.width=0"],
        "unknown model": ["model=c3d"],
        "terms": ["model=other", "distill.terms=[{where: Mixed_3b}]"],
    }
    command = [sys.executable, "-c", _SCRIPT, json.dumps([*asked.values()])]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(zip(asked, json.loads(run.stdout), strict=True))


def test_a_student_of_another_family(answers):
    student, teacher = answers["student"]
    assert student["model"] == "other" and student["width"] == 2.0
    # Both families have it: it stays what the recipe `toy` says.
    assert student["weight_decay"] == 1e-4
    assert "depth_multiplier" not in student
    assert teacher["model"] == "s3dg"
    assert teacher["weight_decay"] == 1e-4
    # The student has none to lend: the family's own.
    assert teacher["depth_multiplier"] == 1.0


def test_a_teacher_of_another_family(answers):
    student, teacher = answers["teacher"]
    assert student["model"] == "s3dg" and student["depth_multiplier"] == 0.25
    assert teacher["model"] == "other" and teacher["width"] == 3.0
    assert answers["both"][0]["model"] == "other"


@pytest.mark.parametrize(
    "asked, words",
    [
        ("unknown key", "key 'depth_multiplier' is unknown; valid: name, seed"),
        ("unknown key", "network.width"),
        ("wrong value", "--set: teacher.width must be above 0; got 0."),
        (
            "unknown model",
            f"network.model must be one of {', '.join(FAMILIES)}, other; got "
            "'c3d'.",
        ),
        ("terms", "of logits or of endpoints that teacher and student have"),
    ],
)
def test_refusals(answers, asked, words):
    assert words in answers[asked]


def test_defaults_are_those_of_the_new_family():
    """The recipe `toy` sets the weight decay and the decay of averages."""
    recipe = override(TOY, ["model=x3d_s", "teacher.model=i3d"])
    plain = X3DRecipe()
    assert recipe.network.weight_decay == 1e-4 != plain.weight_decay
    assert recipe.network.dropout == plain.dropout == 0.5
    assert recipe.network.pixels == plain.pixels
    assert recipe.network.pixels != TOY.network.pixels == recipe.teacher.pixels
    assert recipe.teacher.dropout == 0.2
    assert from_dict(to_dict(recipe), "again") == recipe
    # Others than the default go along, as lists of YAML, too.
    settings = ["pixel_mean=[0.4, 0.4, 0.4]", "model=x3d_s"]
    assert override(TOY, settings).network.pixel_mean == (0.4, 0.4, 0.4)
    content = to_dict(TOY)
    content["network"] |= {"pixel_mean": [0.5, 0.5, 0.5]}
    again = from_dict(content | {"teacher": {"model": "x3d_s"}}, "again")
    assert again.teacher.pixels == plain.pixels


def test_the_network_of_a_role():
    recipe = Recipe(name="x")
    assert recipe.network_of("teacher") is recipe.network
