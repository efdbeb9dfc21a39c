"""Recipes from files and from `--set`: strict, with the valid choices named."""

import dataclasses
import types
import typing
from pathlib import Path

import yaml

from d3d_tf.atomic_files import to_path
from d3d_tf.config.checks import validate
from d3d_tf.config.recipe import Recipe, data_as_saved, to_dict
from d3d_tf.errors import UsageError


def load(path: str | Path) -> Recipe:
    """Reads a file with the text of `to_yaml`; unknown keys are errors.

    Raises:
      UsageError: the file is missing, is no YAML mapping, or holds an unknown
        key, a wrong type or an impossible combination.
    """
    try:
        content = yaml.safe_load(to_path(path).read_text())
    # ValueError: of bytes that are not UTF-8, and of days such as 2001-13-13.
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        text = " ".join(str(error).split()).rstrip(".")
        raise UsageError(f"Cannot read the recipe {path}: {text}.") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} is no recipe: a mapping was expected.")
    if isinstance(content.get("data"), dict):
        content["data"] = data_as_saved(content["data"])
    recipe = _from_dict(Recipe, content, str(path))
    try:
        validate(recipe)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return recipe


def from_dict(content: dict, source: str) -> Recipe:
    """The recipe that `to_dict` made such a tree of.

    Args:
      content: of JSON or YAML.
      source: where it is from, for messages.

    Raises:
      UsageError: as `load`.
    """
    recipe = _from_dict(Recipe, content, source)
    validate(recipe)
    return recipe


def to_yaml(recipe: Recipe) -> str:
    """The full recipe, as `load` reads it from a file."""
    return yaml.safe_dump(to_dict(recipe), sort_keys=False)


def override(recipe: Recipe, settings: list[str]) -> Recipe:
    """The recipe with `key=value` settings applied, then validated.

    A key is a path such as `train.steps`, or its last part where only one
    section has it (`steps`). A value is YAML and must have the field's type.

    Raises:
      UsageError: unknown key, wrong type, impossible combination.
    """
    content = to_dict(recipe)
    paths = _paths(recipe)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes key=value; got {setting!r}.")
        matches = [p for p in paths if p == key or p.split(".")[-1] == key]
        if key in paths:
            matches = [key]
        if len(matches) != 1:
            problem = "is ambiguous" if matches else "is unknown"
            raise UsageError(
                f"The recipe key {key!r} {problem}; valid: "
                f"{', '.join(matches or paths)}."
            )
        *section, leaf = matches[0].split(".")
        target = content
        for part in section:
            target = target[part]
        try:
            target[leaf] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            text = " ".join(str(error).split())
            raise UsageError(f"--set {setting}: {text}") from error
    return from_dict(content, "--set")


def _paths(config, prefix: str = "") -> list[str]:
    paths = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            paths += _paths(value, f"{prefix}{field.name}.")
        else:
            paths.append(prefix + field.name)
    return paths


def _from_dict(cls, content: dict, source: str, prefix: str = ""):
    hints = typing.get_type_hints(cls)
    unknown = sorted(set(content) - set(hints), key=str)
    if unknown:
        raise UsageError(
            f"{source}: unknown key {prefix}{unknown[0]}; valid: "
            f"{', '.join(prefix + name for name in hints)}."
        )
    values = {
        key: _typed(hints[key], value, source, prefix + key)
        for key, value in content.items()
    }
    try:
        return cls(**values)
    except TypeError as error:
        raise UsageError(f"{source}: {prefix or 'recipe'}: {error}") from error


def _typed(hint, value, source: str, key: str):
    choices = (
        typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    )
    if value is None and type(None) in choices:
        return None
    (kind,) = (c for c in choices if c is not type(None))
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        return _from_dict(kind, value, source, key + ".")
    if kind is float and type(value) is int:
        return float(value)
    # YAML reads 1e-4 (no dot) as a string; it is meant as a number.
    if kind is float and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    if type(value) is not kind:
        raise UsageError(
            f"{source}: {key} must be of type {kind.__name__}; got {value!r}."
        )
    return value
