"""A published checkpoint of another project: whose it is, what it becomes."""

import dataclasses
from pathlib import Path

import tensorflow as tf

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.models import make_network, open_original
from d3d_tf.models.original import Filled, Original
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import BASELINE, INITIAL, TEACHER
from d3d_tf.screen import say
from d3d_tf.text_lists import label_map
from d3d_tf.weights.overrides import ConvertSettings, apply_settings
from d3d_tf.weights.published import Published, by_digest

# Label maps by their length.
_KNOWN = {400: "kinetics400", 600: "kinetics600", 1000: "imagenet1k"}


@dataclasses.dataclass(frozen=True)
class Conversion:
    """A checkpoint of another project, and the run that becomes of it.

    Attributes:
      original: the open checkpoint.
      published: its entry in weights.json; None: it is not published.
      recipe: of the run.
      labels: class names in the order of the logits; none without a head.
    """

    original: Original
    published: Published | None
    recipe: config.Recipe
    labels: list[str]

    @property
    def headless(self) -> bool:
        """Whether the run is a trunk alone, for `--init`."""
        return self.original.num_classes is None

    @property
    def role(self) -> str:
        """The network's, in the run."""
        if self.headless:
            return INITIAL
        return TEACHER if self.original.stream == "flow" else BASELINE

    def network(self):
        """A new network, with its variables."""
        classes = max(len(self.labels), 1)
        return make_network(self.recipe.network, classes, self.original.stream)

    def saved(self, network):
        """What of a network is in its checkpoint."""
        if self.headless:
            return tf.train.Checkpoint(trunk=network.trunk)
        return network

    def provenance(self, filled: Filled) -> dict:
        """For origin.json: whose weights they are."""
        published = self.published
        return {
            "family": self.original.kind,
            "published": published.name if published else None,
            "source": str(self.original.path),
            "files": self.original.digests(),
            "licence": published.licence if published else None,
            "citation": published.citation if published else None,
            "initial_values": filled.initial,
        }


def read_checkpoint(
    path: str | Path,
    asked: ConvertSettings,
    published: Published | None = None,
) -> Conversion:
    """Opens a checkpoint and finds out what it is.

    Args:
      path: of the checkpoint.
      asked: what the user set, which may not contradict it.
      published: its entry in weights.json; None: as its digest tells.

    Raises:
      UserError: it cannot be read, is no network of ours, or is another one
        than was asked for.
    """
    original = open_original(
        path,
        scope=asked.scope,
        averages=asked.averages,
        stated=asked.stated(),
    )
    published = published or by_digest(original.digests().values())
    recipe = config.Recipe(
        name=published.name if published else "converted",
        network=original.network,
    )
    if original.trained_by:
        trained = RECIPES[original.trained_by]
        recipe = dataclasses.replace(
            recipe,
            data=dataclasses.replace(trained.data, layout=recipe.data.layout),
            clip=trained.clip,
            evaluation=trained.evaluation,
        )
    if published and published.clip:
        clip = config.ClipRecipe(**published.clip)
        recipe = dataclasses.replace(recipe, clip=clip)
    recipe = apply_settings(recipe, asked, original.free)
    labels = _labels(original.num_classes, asked, published)
    return Conversion(original, published, recipe, labels)


def _labels(
    count: int | None, asked: ConvertSettings, published: Published | None
) -> list[str]:
    """Class names, those of a known data set of as many classes."""
    if count is None:
        return []
    if asked.num_classes not in (None, count):
        raise UsageError(
            f"The checkpoint has {count} classes; num_classes="
            f"{asked.num_classes} was asked for."
        )
    name = asked.labels or (published.labels if published else None)
    if name is None and count in _KNOWN:
        name = _KNOWN[count]
        say(
            f"labels: {count} classes, taken for those of {name} in their "
            "published order; --set labels=FILE says others."
        )
    if name is None:
        say(
            f"warning: the names of the {count} classes are not known; --set "
            "labels=FILE (a class per line) gives them."
        )
        return [f"class {i}" for i in range(count)]
    labels = list(label_map(name))
    if len(labels) != count:
        raise UsageError(
            f"labels={name} has {len(labels)} classes, the checkpoint {count}."
        )
    return labels
