"""What a value of a recipe may be, and the line that answers a wrong one.

A section of a recipe is a frozen pydantic dataclass: each field has its range
in its type and its meaning below it; what several fields may not be together
is a validator of the section, made of `require`.
"""

import dataclasses
import functools
import typing
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BeforeValidator, ConfigDict, Strict, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError, core_schema
from typing_extensions import dataclass_transform

from d3d_tf.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Expected:
    """Says what a field must be where its limits alone would not say enough.

    `{choices}` in it stands for the names that are possible.
    """

    text: str


@dataclasses.dataclass(frozen=True)
class Later:
    """Marks a field that came after version 0.1.0.

    `to_dict` leaves it out at its default, so that digests, folder names and
    saved recipes of before stay what they are.
    """


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """Marks a field that says where a recipe is carried out.

    It is no part of the recipe's identity: `to_dict` always leaves it out.
    """


class OneOf:
    """The value is one of these."""

    def __init__(self, *choices):
        self.choices = choices

    def __get_pydantic_core_schema__(self, source, handler):
        return core_schema.literal_schema(list(self.choices))


def _number(value):
    """YAML reads 1e-4, without a dot, as text; it is meant as a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    return value


Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), BeforeValidator(_number)]
PositiveWhole = Annotated[Whole, Gt(0)]
Positive = Annotated[Number, Gt(0)]
NotNegative = Annotated[Number, Ge(0)]
Share = Annotated[Number, Ge(0), Lt(1)]

_TYPES = {
    "int_type": "of type int",
    "float_type": "of type float",
    "bool_type": "of type bool",
    "string_type": "of type str",
    "tuple_type": "a list",
    "dataclass_type": "a mapping",
    "dataclass_exact_type": "a mapping",
}


@dataclass_transform(frozen_default=True)
def section(cls):
    """Makes a class a part of a recipe, which checks itself.

    A wrong value raises UsageError with a line per mistake, also from
    `dataclasses.replace`.
    """
    cls = dataclass(frozen=True, config=ConfigDict(extra="forbid"))(cls)
    check = cls.__init__

    @functools.wraps(check)
    def __init__(self, *args, **kwargs):
        try:
            check(self, *args, **kwargs)
        except ValidationError as error:
            # A family's section of networks is `network`, as what it is of.
            *_, first, _ = cls.__mro__
            name = first.__name__.removesuffix("Recipe").lower()
            place = f"{name}." if name else ""
            raise UsageError(explain(error, cls, place)) from None

    cls.__init__ = __init__
    return cls


def kept(config, field: dataclasses.Field) -> bool:
    """Whether a field of a section is written down, as what tells it apart."""
    metadata = type(config).__pydantic_fields__[field.name].metadata
    is_default = getattr(config, field.name) == field.default
    return Elsewhere() not in metadata and not (
        Later() in metadata and is_default
    )


def require(good: bool, config, key: str, expected: str) -> None:
    """Checks what fields may not be together; for a section's validator.

    Args:
      good: whether they may.
      config: the section.
      key: dotted, of the field to blame.
      expected: what it must be; `~` stands for the section's own place, such
        as `network.`.
    """
    if not good:
        value = functools.reduce(getattr, key.split("."), config)
        raise PydanticCustomError(
            "rule",
            "{expected}",
            {"key": key, "expected": expected, "value": value},
        )


def explain(error: ValidationError, cls: type, place: str = "") -> str:
    """A sentence per mistake: the key, what is expected, and what was there.

    Args:
      error: of a section or recipe.
      cls: its class.
      place: where it is in a recipe, such as `network.`.
    """
    # In one line, as all errors: a break would be shown as an escape.
    return " ".join(
        _sentence(details, cls, place) for details in error.errors()
    )


def _sentence(details: typing.Mapping[str, Any], cls: type, place: str) -> str:
    kind, path = details["type"], [*details["loc"]]
    names = [part for part in path if not _is_section(part)]
    context = details.get("ctx", {})
    if kind == "rule":
        place += "".join(f"{part}." for part in names)
        expected = context["expected"].replace("~", place)
        return _must(place + context["key"], expected, context["value"])
    key = place + ".".join(map(str, names))
    if kind in ("unexpected_keyword_argument", "invalid_key"):
        owner, _ = _look_up(cls, path[:-1])
        prefix = key.removesuffix(str(path[-1]))
        valid = (prefix + field.name for field in dataclasses.fields(owner))
        return f"unknown key {key}; valid: {', '.join(valid)}."
    if kind == "missing":
        return f"{key} is missing."
    _, metadata = _look_up(cls, path)
    if kind == "literal_error":
        choices = expected = context["expected"].replace("'", "")
        if "' or '" in context["expected"]:
            choices = choices.replace(" or ", ", ")
            expected = f"one of {choices}"
    elif kind in _TYPES:
        return _must(key, _TYPES[kind], details["input"])
    else:
        choices, expected = "", _range(metadata)
    for extra in metadata:
        if isinstance(extra, Expected):
            expected = extra.text.replace("{choices}", choices)
    expected = expected or details["msg"].removeprefix("Input should be ")
    return _must(key, expected, details["input"])


def _must(key: str, expected: str, value) -> str:
    return f"{key} must be {expected}; got {value!r}."


def _look_up(cls, path: list) -> tuple[Any, list]:
    """The innermost section on a path, and the metadata of its last field."""
    metadata: list = []
    for name in path:
        if isinstance(name, int):  # An item of a list.
            continue
        if _is_section(name):
            (cls,) = (c for c in _derived(cls) if c.__name__ == name)
            continue
        field = cls.__pydantic_fields__[name]
        metadata = field.metadata
        cls = section_in(field.annotation) or cls
    return cls, metadata


def _is_section(part) -> bool:
    """Whether a part of an error's path is no key but which section was meant.

    Pydantic puts it there where there are several.
    """
    return isinstance(part, str) and part.endswith("Recipe")


def _derived(cls) -> list[type]:
    """The classes below one, at any depth."""
    below = cls.__subclasses__()
    return below + [c for child in below for c in _derived(child)]


def section_in(annotation) -> Any:
    """The section `X` in the types X, `X | None`, `tuple[X, ...]`, or None."""
    for kind in (annotation, *typing.get_args(annotation)):
        if typing.get_origin(kind) is Annotated:
            kind = typing.get_args(kind)[0]
        if dataclasses.is_dataclass(kind):
            return kind
    return None


def _range(metadata: list) -> str:
    """`above 0`, `0 or more`, `0 to 1`, `in [0, 1)`, from a field's limits."""
    kinds = {Gt: "gt", Ge: "ge", Le: "le", Lt: "lt"}
    limits = {
        name: getattr(limit, name)
        for limit in metadata
        if (name := kinds.get(type(limit)))
    }
    match limits:
        case {"gt": low, "lt": high}:
            return f"between {low} and {high}"
        case {"ge": low, "lt": high}:
            return f"in [{low}, {high})"
        case {"ge": low, "le": high}:
            return f"{low} to {high}"
        case {"ge": low}:
            return f"{low} or more"
        case {"gt": low}:
            return f"above {low}"
    return ""
