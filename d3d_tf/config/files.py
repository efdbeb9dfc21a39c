"""Recipes from files and from `--set`: strict, with the valid choices named."""

import dataclasses
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from d3d_tf.atomic_files import to_path
from d3d_tf.config.data import data_as_saved
from d3d_tf.config.recipe import Recipe, to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models import DEFAULT, FAMILIES, recipe_class
from d3d_tf.sections import explain

_RECIPE = TypeAdapter(Recipe)
# Keys that are never named by their last part.
_IN_FULL = ("teacher.", "teacher_module.", "detector.", "persons.")


def load(path: str | Path) -> Recipe:
    """Reads a file with the text of `to_yaml`; unknown keys are errors.

    Raises:
      UsageError: the file is missing, is not a YAML mapping, or holds an
        unknown key, a wrong type or an impossible combination.
    """
    try:
        content = yaml.safe_load(to_path(path).read_text())
    # ValueError: of bytes that are not UTF-8, and of days such as 2001-13-13.
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        text = " ".join(str(error).split()).rstrip(".")
        raise UsageError(f"Cannot read the recipe {path}: {text}.") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} is not a recipe: a mapping was expected.")
    if isinstance(content.get("data"), dict):
        content["data"] = data_as_saved(content["data"])
    return from_dict(content, str(path))


def from_dict(content: dict, source: str) -> Recipe:
    """The recipe that `to_dict` made such a tree of.

    Fields that a mapping `teacher` lacks are those of `network`; of another
    family, those of them that are not `network`'s defaults.

    Args:
      content: of JSON or YAML.
      source: where it is from, for messages.

    Raises:
      UsageError: as `load`; a sentence per mistake.
    """
    network, teacher = content.get("network", {}), content.get("teacher")
    if isinstance(network, dict) and isinstance(teacher, dict):
        model = teacher.get("model", network.get("model", DEFAULT))
        lent = _of_family(network, model)
        content = content | {"teacher": lent | teacher}
    try:
        return _RECIPE.validate_python(content)
    except ValidationError as error:
        raise UsageError(f"{source}: {explain(error, Recipe)}") from None


def to_yaml(recipe: Recipe) -> str:
    """The recipe, as `load` reads it from a file."""
    return yaml.safe_dump(to_dict(recipe), sort_keys=False)


def override(recipe: Recipe, settings: list[str]) -> Recipe:
    """The recipe with `key=value` settings applied and checked.

    A key is a path such as `train.steps`, or its last part where only one
    section has it (`steps`); of `network` and `teacher`, that of `network`;
    never of `teacher_module`, `detector` or `persons`.
    Of two settings of one key the last one holds. A value is YAML and must
    have the field's type. Where the recipe has no teacher of its own, one
    setting of it makes it: a network as `network` is after all settings, but
    for the fields that were set. Where `model` changes the family, the fields
    that both families have keep their values, unless that was the old family's
    default: then it is the new one's. The order does not matter.

    Raises:
      UsageError: unknown key, wrong type, impossible combination.
    """
    content = dataclasses.asdict(recipe)
    values = parse_settings(recipe, settings)
    if "network.model" in values:
        model = values["network.model"]
        content["network"] = _of_family(content["network"], model)
    if {"distill.weight", "distill.terms"} <= values.keys():
        raise UsageError(
            "--set distill.weight is the short way for one term of the logits; "
            "with distill.terms, write it as weight in there."
        )
    if "teacher" in values:
        content["teacher"] = values.pop("teacher")
    for key, value in values.items():
        *section, leaf = key.split(".")
        target = content
        for part in section:
            target[part] = target[part] or {}
            target = target[part]
        target[leaf] = value
    return from_dict(content, "--set")


def parse_settings(recipe: Recipe, settings: list[str]) -> dict:
    """`{full key: value}` of `key=value` settings, as `override` reads them.

    The keys are what the user set, as distinct from what a recipe's name set.

    Raises:
      UsageError: a key is unknown or ambiguous, or a value is not YAML.
    """
    pairs = []
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes key=value; got {setting!r}.")
        try:
            pairs.append((key, yaml.safe_load(text)))
        except yaml.YAMLError as error:
            text = " ".join(str(error).split())
            raise UsageError(f"--set {setting}: {text}") from error
    paths = _paths(recipe, dict(pairs))
    values = {}
    for key, value in pairs:
        matches = [key] if key in paths else _ending(paths, key)
        if len(matches) != 1:
            problem = "is ambiguous" if matches else "is unknown"
            raise UsageError(
                f"The recipe key {key!r} {problem}; valid: "
                f"{', '.join(matches or paths)}."
            )
        values[matches[0]] = value
    return values


def _ending(paths: list[str], key: str) -> list[str]:
    return [
        path
        for path in paths
        if path.split(".")[-1] == key and not path.startswith(_IN_FULL)
    ]


def _paths(recipe: Recipe, values: dict) -> list[str]:
    """All keys; those of networks are of the families that `values` choose."""
    model = values.get("network.model", values.get("model"))
    network = _section(model) or type(recipe.network)
    theirs = _section(values.get("teacher.model"))
    if theirs is None and not model and recipe.teacher:
        theirs = type(recipe.teacher)
    paths = []
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        if field.name == "network":
            paths += _below("network", network)
        elif field.name == "teacher":
            paths += ["teacher", *_below("teacher", theirs or network)]
        elif dataclasses.is_dataclass(value):
            paths += _below(field.name, value)
        else:
            paths.append(field.name)
    return paths


def _below(name: str, section) -> list[str]:
    return [f"{name}.{field.name}" for field in dataclasses.fields(section)]


def _section(model) -> type | None:
    """The section of a network; None: there is no such model."""
    known = isinstance(model, str) and model in FAMILIES
    return recipe_class(model) if known else None


def _of_family(network: dict, model) -> dict:
    """The fields of a network that one of that model has, too.

    Of another family, only those that are not their own family's default: that
    is what the other family's default is there for.
    """
    section, own = _section(model), _section(network.get("model", DEFAULT))
    if section is None:  # An error later, which names the models.
        return network
    names = {field.name for field in dataclasses.fields(section)}
    lent = {k: v for k, v in network.items() if k in names}
    if own in (None, section):
        return lent
    defaults = {field.name: field.default for field in dataclasses.fields(own)}
    return {
        key: value
        for key, value in lent.items()
        # YAML has lists.
        if defaults.get(key) not in (value, _as_tuple(value))
    }


def _as_tuple(value):
    return tuple(value) if isinstance(value, list) else value
