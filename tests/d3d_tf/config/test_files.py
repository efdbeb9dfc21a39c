"""Recipes from files and settings: what is not right is refused, in words."""

import dataclasses
import itertools

import pytest
import yaml

from d3d_tf import config
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.recipes import RECIPES

PAPER = Recipe(name="paper")


@pytest.mark.parametrize(
    ("setting", "read"),
    [
        ("train.steps=7", lambda r: r.train.steps == 7),
        ("steps=7", lambda r: r.train.steps == 7),
        ("train.learning_rate=1e-4", lambda r: r.train.learning_rate == 1e-4),
        ("learning_rate=1", lambda r: repr(r.train.learning_rate) == "1.0"),
        ("flip=false", lambda r: r.clip.flip is False),
        ("seed=3", lambda r: r.seed == 3),
        ("name=a=b", lambda r: r.name == "a=b"),
        ("optimizer=adam", lambda r: r.train.optimizer == "adam"),
    ],
)
def test_a_setting_is_applied(setting, read):
    assert not read(PAPER)
    assert read(config.override(PAPER, [setting]))


def test_a_setting_changes_nothing_else():
    """The last one wins; the original stays as it was."""
    other = config.override(PAPER, ["seed=3", "clip.frames=16", "frames=32"])
    clip = dataclasses.replace(PAPER.clip, frames=32)
    assert other == dataclasses.replace(PAPER, seed=3, clip=clip)
    assert PAPER == Recipe(name="paper")


def test_an_unknown_key_is_answered_with_the_valid_ones(refusal):
    text = refusal("train.stepz=7")
    assert "'train.stepz' is unknown" in text
    valid = text.partition("valid: ")[2].rstrip(".").split(", ")
    assert valid[:2] == ["name", "seed"]
    for section in ("data", "flow", "clip", "network", "train", "distill"):
        for field in dataclasses.fields(getattr(PAPER, section)):
            assert f"{section}.{field.name}" in valid


def test_an_ambiguous_key_is_answered_with_its_full_names(refusal):
    text = refusal("size=32", RECIPES["toy"])
    assert text == (
        "The recipe key 'size' is ambiguous; valid: toy.size, clip.size."
    )


def test_a_whole_section_is_no_key(refusal):
    assert "'train' is unknown" in refusal("train={steps: 3}")


@pytest.mark.parametrize(
    ("setting", "kind", "given"),
    [
        ("steps=many", "int", "'many'"),
        ("steps=7.5", "int", "7.5"),
        ("steps=1e3", "int", "'1e3'"),
        ("steps=true", "int", "True"),
        ("steps=", "int", "None"),
        ("steps=[7]", "int", "[7]"),
        ("learning_rate=fast", "float", "'fast'"),
        ("learning_rate=true", "float", "True"),
        ("flip=1", "bool", "1"),
        ("flip=maybe", "bool", "'maybe'"),
        ("name=3", "str", "3"),
    ],
)
def test_a_wrong_type_is_answered_with_the_right_one(
    refusal, setting, kind, given
):
    text = refusal(setting)
    assert setting.partition("=")[0] in text
    assert text.endswith(f"must be of type {kind}; got {given}.")


def test_a_short_key_is_of_the_network_and_never_of_its_teacher():
    recipe = config.override(PAPER, ["dropout=0.3"])
    assert recipe.network.dropout == 0.3
    assert recipe.teacher is None


SETTINGS = ("teacher.model=s3dg", "model=i3d", "dropout=0.3")


@pytest.mark.parametrize("settings", itertools.permutations(SETTINGS))
def test_a_teacher_starts_from_the_network_whatever_the_order(settings):
    recipe = config.override(PAPER, list(settings))
    student = InceptionRecipe(model="i3d", dropout=0.3)
    assert recipe.network == student
    assert recipe.teacher == dataclasses.replace(student, model="s3dg")


def test_a_teacher_of_its_own_stays_what_it_is():
    recipe = config.override(PAPER, ["teacher.dropout=0.4"])
    recipe = config.override(recipe, ["teacher.min_depth=8", "model=i3d"])
    assert recipe.teacher == InceptionRecipe(dropout=0.4, min_depth=8)
    assert config.override(recipe, ["teacher=null"]).teacher is None
    again = config.override(recipe, ["teacher.min_depth=4", "teacher=null"])
    assert again.teacher == InceptionRecipe(model="i3d", min_depth=4)


def test_a_teacher_in_a_file_starts_from_the_network_too(tmp_path):
    path = write(tmp_path, "name: a\nnetwork: {dropout: 0.4}\nteacher: {}\n")
    assert config.load(path).teacher == InceptionRecipe(dropout=0.4)


def test_two_ways_of_one_term_are_refused(refusal):
    with pytest.raises(UsageError, match="the short way"):
        config.override(PAPER, ["distill.weight=2", "terms=[{weight: 3}]"])


def test_terms_of_distillation():
    text = "terms=[{where: Mixed_4f, weight: 1e-1}, {weight: 2}]"
    assert config.override(PAPER, [text]).distill.terms == (
        config.TermRecipe("Mixed_4f", "mse", 0.1),
        config.TermRecipe("logits", "mse", 2.0),
    )


def test_the_keys_that_a_user_set():
    values = config.parse_settings(PAPER, ["steps=7", "model=i3d", "steps=9"])
    assert values == {"train.steps": 9, "network.model": "i3d"}


def test_several_mistakes_are_one_line(tmp_path):
    path = write(tmp_path, "name: a\nseed: -1\ntrain: {steps: x}\n")
    with pytest.raises(UsageError) as caught:
        config.load(path)
    assert str(caught.value) == (
        f"{path}: seed must be 0 or more; got -1. "
        f"train.steps must be of type int; got 'x'."
    )


def test_a_setting_without_a_value_is_refused(refusal):
    assert refusal("steps") == "--set takes key=value; got 'steps'."


def test_a_value_that_is_no_yaml_is_answered_in_one_line(refusal):
    assert "steps" in refusal("steps=[1")


def write(tmp_path, content):
    path = tmp_path / "recipe.yaml"
    path.write_text(content if isinstance(content, str) else yaml.dump(content))
    return path


def test_a_short_file_is_filled_up_with_the_defaults(tmp_path):
    path = write(tmp_path, "name: mine\ntrain: {steps: 9}\n")
    assert config.load(path) == config.override(PAPER, ["name=mine", "steps=9"])


def test_a_recipe_of_version_0_1_0_is_still_read(tmp_path):
    """Its network section, as runs on disk have it."""
    network = {
        "model": "s3dg",
        "dropout": 0.2,
        "depth_multiplier": 1.0,
        "min_depth": 16,
        "first_temporal_kernel": 3,
        "weight_decay": 1.0e-07,
        "batch_norm_momentum": 0.999,
        "synchronized_batch_norm": False,
        "fan_in_initializer": False,
    }
    path = write(tmp_path, {"name": "paper", "network": network})
    found = config.load(path)
    assert found.network.first_temporal_kernel == 3
    assert config.to_dict(found.network) == network | {
        "temporal_conv_start_at": "Conv2d_2c_3x3",
        "gating_start_at": "Conv2d_2c_3x3",
        "final_endpoint": "Mixed_5c",
        "head_pooling": "overlapping",
        "recompute": False,
    }


def test_a_saved_file_names_every_field_that_was_there_in_0_1_0(tmp_path):
    (tmp_path / "recipe.yaml").write_text(config.to_yaml(PAPER))
    content = yaml.safe_load((tmp_path / "recipe.yaml").read_text())
    assert content == config.to_dict(PAPER)
    assert content["train"]["learning_rate"] == 0.1


@pytest.mark.parametrize(
    "setting",
    [
        "stride=2",
        "sampling=segments",
        "short_sides=[256, 320]",
        "swap_on_flip=[[a, b]]",
        "teacher.model=i3d",
        "terms=[{where: Mixed_4f, weight: 2}]",
    ],
)
def test_a_saved_file_names_a_later_field_that_is_set(tmp_path, setting):
    recipe = config.override(PAPER, [setting])
    (tmp_path / "recipe.yaml").write_text(config.to_yaml(recipe))
    assert config.load(tmp_path / "recipe.yaml") == recipe
    assert config.digest(recipe) != config.digest(PAPER)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("name: a\nstepz: 1\n", "unknown key stepz; valid: name, seed,"),
        ("name: a\ntrain: {stepz: 1}\n", "unknown key train.stepz; valid: "),
        ("name: a\ntrain: {steps: x}\n", "train.steps must be of type int"),
        ("name: a\ntrain: 3\n", "train must be a mapping; got 3"),
        ("name: a\ntrain:\n", "train must be a mapping; got None"),
        ("seed: 1\n", "name is missing"),
        ("name: a\nseed: -1\n", "recipe.yaml: seed must be 0 or more"),
        ("name: a\nteacher: 3\n", "teacher must be a mapping; got 3"),
        ("name: a\nclip: {size: 512}\n", "at most data.short_side (256)"),
        ("- a\n- b\n", "a mapping was expected"),
        ("", "a mapping was expected"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path, content, expected):
    with pytest.raises(UsageError) as caught:
        config.load(write(tmp_path, content))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_keys_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(UsageError, match="unknown key"):
        config.load(write(tmp_path, "name: a\n3: b\nx: c\n"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml.*No such file"):
        config.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            b"a: [1\n",
        ),
        b"\xff\xfe\x00video",
    ],
)
def test_a_file_that_is_no_yaml_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "recipe.yaml").write_bytes(content)
    with pytest.raises(UsageError, match=r"recipe\.yaml") as caught:
        config.load(tmp_path / "recipe.yaml")
    assert "\n" not in str(caught.value)
