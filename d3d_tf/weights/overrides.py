"""What `--set` may say of a conversion."""

import dataclasses

import yaml

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.models import architecture


@dataclasses.dataclass(frozen=True)
class ConvertSettings:
    """Settings that are no fields of a recipe, and the others.

    Attributes:
      num_classes: what the head must have.
      labels: `kinetics400`, `kinetics600` or a file with a class per line.
      scope: which network of a file that holds several.
      averages: take moving averages of weights where there are any.
      recipe: settings of a recipe, `key=value`.
    """

    num_classes: int | None = None
    labels: str | None = None
    scope: str | None = None
    averages: bool = False
    recipe: tuple[str, ...] = ()

    def stated(self) -> dict:
        """Fields of the network that the user stated; their last parts."""
        pairs = (setting.partition("=")[::2] for setting in self.recipe)
        return {key.split(".")[-1]: yaml.safe_load(text) for key, text in pairs}


def parse_settings(settings: list[str]) -> ConvertSettings:
    """Sorts `key=value` settings.

    Raises:
      UsageError: one has the wrong type.
    """
    kinds = {"num_classes": int, "labels": str, "scope": str, "averages": bool}
    own: dict = {}
    rest = []
    for setting in settings:
        key, _, text = setting.partition("=")
        if key not in kinds:
            rest.append(setting)
            continue
        value = text if kinds[key] is str else yaml.safe_load(text)
        if type(value) is not kinds[key]:
            raise UsageError(
                f"--set {key} must be of type {kinds[key].__name__}; got "
                f"{text!r}."
            )
        own[key] = value
    config.override(config.Recipe(name="converted"), rest)  # Keys and types.
    return ConvertSettings(**own, recipe=tuple(rest))


def apply_settings(
    recipe: config.Recipe, settings: ConvertSettings, free: tuple[str, ...]
) -> config.Recipe:
    """The recipe with the settings, which may not contradict the checkpoint.

    Args:
      recipe: as read off the checkpoint.
      settings: of the user.
      free: fields of the network that the checkpoint leaves to the user.

    Raises:
      UsageError: a setting says what the checkpoint is not.
    """
    changed = config.override(recipe, list(settings.recipe))
    there, asked = architecture(recipe.network), architecture(changed.network)
    found = [
        row for row in config.differences(there, asked) if row[0] not in free
    ]
    if found:
        text = "; ".join(
            f"network.{key} is {old!r} there, {new!r} was asked for"
            for key, old, new in found
        )
        raise UsageError(
            f"The checkpoint holds another network ({text}). Leave the setting "
            "out, it is read off the checkpoint."
        )
    return changed
