"""Where a network can start: networks and probes of runs, found and checked."""

import dataclasses
from pathlib import Path

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.models import architecture
from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.models.part import Part
from d3d_tf.roles import INITIAL
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import DETECTION
from d3d_tf.training.checkpoints import is_finished


@dataclasses.dataclass(frozen=True)
class Start:
    """Where one network starts, or a part of one: a network of a run.

    Attributes:
      run: that holds the other network.
      giver: the other network's role.
      head: whether it comes with its head; None: the part has none.
      part: what starts there; None: the whole network.
      probe: the folder of a probe for which the other network was fine-tuned
        and whose decoder comes with it; None: it is as the run has it.
      new: what the other lacks; see `d3d_tf.models.start_from`.
    """

    run: Run
    giver: str
    head: bool | None
    part: Part | None = None
    probe: Path | None = None
    new: tuple[str, ...] = ()

    def network(self) -> NetworkRecipe:
        """The other network."""
        home = config.load(self.probe / "recipe.yaml") if self.probe else None
        return (home or self.run.recipe()).network_of(self.giver)

    @property
    def checkpoints(self) -> Path:
        """Those of the other network, or of the probe."""
        if self.probe:
            return self.probe / "checkpoints" / "probe"
        return self.run.checkpoints(self.giver)

    def values(self, network) -> dict:
        """What of a new network is filled, by the names in the checkpoint."""
        trunk = network.trunk
        head = {"head": network.head} if self.head else {}
        if self.part is None:
            return network.without_classifier(self.new) | head
        mine = getattr(trunk, self.part.name)
        if self.probe is None:
            return head | {"trunk": mine}
        # As `d3d_tf.probe.network.FlowProbe` has them.
        before = mine.layers_up_to(self.part.probed_at)
        return {"before": before, "decoder": trunk.decoder}


def find_network(
    runs: list[Run], givers: tuple[str, ...], labels: list[str]
) -> Start | None:
    """The first finished network of the first run that has one.

    Args:
      runs: in the order of preference.
      givers: roles, likewise.
      labels: of the new network; with others the head is left.

    Raises:
      UsageError: that run has a detector.
    """
    for run in runs:
        for giver in givers:
            if is_finished(run.checkpoints(giver)):
                if run.recipe().task == DETECTION:
                    raise UsageError(
                        f"{run.folder} is a detector; nothing starts from one. "
                        "Name the run that it started from."
                    )
                head = giver != INITIAL and run.labels() == labels
                return Start(run, giver, head)
    return None


def find_part(runs: list[Run], part: Part, labels: list[str]) -> Start | None:
    """As `find_network`; a fine-tuned probe is preferred to any network."""
    if part.probed_at:
        for run in runs:
            for giver in part.givers:
                if probe := _find_probe(run, giver, part.probed_at):
                    return Start(run, giver, None, part, probe)
    start = find_network(runs, part.givers, labels)
    if start is None:
        return None
    head = start.head if part.head else None
    return dataclasses.replace(start, part=part, head=head)


def _find_probe(run: Run, giver: str, endpoint: str) -> Path | None:
    """The folder of a finished fine-tuned probe: of the lowest seed.

    Its decoder has the context network, as a `FlowDecoder` has.
    """
    found = []
    for folder in run.probes.glob(f"{giver}-finetuned-{endpoint}-*"):
        if is_finished(folder / "checkpoints" / "probe"):
            recipe = config.load(folder / "recipe.yaml")
            if recipe.probe.context:
                found.append((recipe.seed, folder))
    return min(found, default=(0, None))[1]


def require_same_architecture(
    start: Start, network: NetworkRecipe, name: str
) -> None:
    """Refuses a start whose variables are others.

    Args:
      start: of a network or a part.
      network: that it must be.
      name: what starts, for the message.

    Raises:
      UsageError: it is not.
    """
    found = config.differences(
        architecture(start.network()), architecture(network)
    )
    if found:
        text = "; ".join(
            f"network.{key} is {old!r} there, {new!r} here"
            for key, old, new in found
        )
        settings = " ".join(
            f"--set network.{key}={_as_yaml(old)}" for key, old, _ in found
        )
        raise UsageError(
            f"{name} cannot start from {start.run.folder}, which is another "
            f"network ({text}). To train that one: {settings}."
        )


def _as_yaml(value) -> str:
    if isinstance(value, tuple):  # In one word of a shell.
        return f"[{','.join(map(str, value))}]"
    return "null" if value is None else str(value)
