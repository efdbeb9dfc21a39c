"""Which networks explain themselves, and which classes they are asked about."""

import dataclasses
import difflib

from d3d_tf.config import ExplainRecipe, Recipe, differences, to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models.endpoint_names import full_name
from d3d_tf.roles import titles
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import role_to_load


@dataclasses.dataclass(frozen=True)
class Asked:
    """One network.

    Attributes:
      run: that holds it.
      role: of the network.
      recipe: of the run.
      endpoint: its whole name.
      labels: of its classes, in order.
    """

    run: Run
    role: str
    recipe: Recipe
    endpoint: str
    labels: list[str]

    @property
    def title(self) -> str:
        """For people."""
        name = titles(finetuned=self.run.is_finetuned())[self.role]
        return f"{self.run.folder.name}: {name}"


def asked_networks(runs: list[Run], settings: ExplainRecipe) -> list[Asked]:
    """All networks of the runs that are wanted, in order.

    Raises:
      UserError: a run has not finished one.
      UsageError: one has no such endpoint, or they see different clips.
    """
    found = []
    for run in runs:
        recipe, labels = run.recipe(), run.labels()
        for wanted in settings.networks or [None]:
            role = role_to_load(run, wanted)
            names = recipe.network_of(role).endpoints
            endpoint = names[-1]
            if settings.endpoint:
                endpoint = full_name(
                    "explain.endpoint", settings.endpoint, names
                )
            found.append(Asked(run, role, recipe, endpoint, labels))
    for one in found[1:]:
        _require_same_clips(found[0], one)
    return found


def _require_same_clips(first: Asked, other: Asked) -> None:
    different = differences(_shown(first.recipe), _shown(other.recipe))
    if different:
        text = "; ".join(
            f"{key} is {old!r} there, {new!r} here"
            for key, old, new in different
        )
        raise UsageError(
            f"{first.run.folder} and {other.run.folder} see different clips "
            f"of a video ({text}): explain them one by one."
        )


def _shown(recipe: Recipe) -> dict:
    """All that decides which pixels a network is shown."""
    data, clip = to_dict(recipe.data), to_dict(recipe.clip)
    return {
        "short_side": recipe.shown_short_side,
        **{
            f"data.{key}": data[key]
            for key in ("frame_rate", "max_seconds", "square_pixels")
        },
        **{
            f"clip.{key}": clip.get(key)
            for key in ("frames", "size", "stride", "sampling")
        },
    }


def require_classes(asked: list[Asked], names: list[str]) -> None:
    """Refuses classes that one of the networks does not know.

    Raises:
      UsageError: there is one.
    """
    for one in asked:
        for name in names:
            if name in one.labels:
                continue
            near = difflib.get_close_matches(name, one.labels)
            raise UsageError(
                f"explain.classes: {one.run.folder} has no class {name!r} "
                f"among its {len(one.labels)} in label_map.txt, such as "
                f"{', '.join(near or one.labels[:3])}."
            )
