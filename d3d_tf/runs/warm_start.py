"""What training starts from: networks of other runs, `--init`."""

import dataclasses

import tensorflow as tf

from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.models import head_names, parts, start_from
from d3d_tf.models.part import Part
from d3d_tf.roles import BASELINE, INITIAL, STREAM, STUDENT, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.runs.starts import (
    Start,
    find_network,
    find_part,
    require_same_architecture,
)
from d3d_tf.screen import say
from d3d_tf.training.checkpoints import restore

# Which networks of a run can start one that looks at that stream.
_GIVERS = {"flow": (TEACHER,), "frames": (STUDENT, BASELINE, INITIAL)}


class Initial:
    """The starts of the networks that a job will train.

    A network starts from one of its own architecture. Where its family knows
    `parts`, and the runs have none, each part has a start of its own.

    Args:
      runs: of `--init`, in the order of preference.
      recipe: of the new run; with `finetune.start=baseline` a run's baseline
        alone may start a network, else the first that it has of student and
        baseline (or of teacher, for flow).
      labels: of the new run.
      roles: the networks that will be trained.

    Raises:
      UsageError: a run has another architecture, or nothing to give.
    """

    def __init__(
        self,
        runs: list[Run],
        recipe: Recipe,
        labels: list[str],
        roles: tuple[str, ...],
    ):
        self._runs = runs
        self._labels = labels
        self._heads = head_names(recipe.network)
        giver = BASELINE if recipe.finetune.start == BASELINE else None
        self._giver = giver
        # By what starts: a role, or `role.part`.
        self._starts: dict[str, Start] = {}
        # What does not, and why.
        self._scratch: dict[str, str] = {}
        for role in roles:
            self._find(role, recipe)
        for run in runs:
            if not any(s.run is run for s in self._starts.values()):
                wanted = " or ".join(f"{r} ({STREAM[r]})" for r in roles)
                only = f", only its {giver} was asked for" if giver else ""
                raise UsageError(
                    f"{run.folder} has no finished network to start {wanted} "
                    f"from{only}."
                )

    def _find(self, role: str, recipe: Recipe) -> None:
        """Fills in the starts of a network."""
        network = recipe.network_of(role)
        givers = (self._giver,) if self._giver else _GIVERS[STREAM[role]]
        whole = find_network(self._runs, givers, self._labels)
        known = () if self._giver else parts(network)
        if known and not (whole and whole.network().model == network.model):
            self._find_parts(role, known)
        elif whole:
            needed, new = start_from(network, whole.network())
            require_same_architecture(whole, needed, role)
            self._starts[role] = dataclasses.replace(whole, new=new)
        else:
            self._scratch[role] = _no_network(STREAM[role])

    def _find_parts(self, role: str, known: tuple[Part, ...]) -> None:
        for part in known:
            name = f"{role}.{part.name}"
            start = find_part(self._runs, part, self._labels)
            if start is None:
                self._scratch[name] = _no_network(STREAM[part.givers[0]])
            else:
                require_same_architecture(start, part.network, name)
                self._starts[name] = start
            if part.probed_at and not (start and start.probe):
                self._scratch[f"{role}.decoder"] = (
                    f"no run of --init has a finished, fine-tuned probe of "
                    f"its {part.givers[0]} at {part.probed_at} (--mode=probe)"
                )

    def describe(self) -> list[dict]:
        """For origin.json: each run, where it is from, what it gave to whom."""
        return [
            {
                "run": str(run.folder),
                "weights": run.weights(),
                "networks": {
                    name: self._entry(start)
                    for name, start in self._starts.items()
                    if start.run is run
                },
                "from_scratch": list(self._scratch),
            }
            for run in self._runs
        ]

    def _entry(self, start: Start) -> dict:
        entry: dict = {"from": start.giver}
        if start.probe:
            entry["probe"] = start.probe.name
        if start.head is not None:
            entry["head"] = "kept" if start.head else self._new_head(start)
            entry["new"] = [*start.new, *(() if start.head else self._heads)]
        return entry

    def tell(self) -> None:
        """Says what every network starts from, and what starts anew."""
        for name, start in self._starts.items():
            text = f"{name} starts from the {start.giver} of {start.run.folder}"
            if start.probe:
                text += f", with its decoder, as fine-tuned in {start.probe}"
            if start.new:
                text += (
                    f"; what is not there starts anew: {', '.join(start.new)}"
                )
            if start.head is False:
                text += (
                    f"; its head is {self._new_head(start)}: "
                    f"{', '.join(self._heads)} start anew"
                )
            say(text)
        for name, why in self._scratch.items():
            say(f"warning: {name} starts from scratch: {why}.")

    def _new_head(self, start: Start) -> str:
        there = start.run.labels()
        old = _classes(there) if there else "no head"
        return f"replaced ({old} there, {_classes(self._labels)} here)"

    def fill(self, network, role: str) -> None:
        """Gives a new network its start; the rest is as it was made."""
        for name, start in self._starts.items():
            if name.partition(".")[0] == role:
                values = tf.train.Checkpoint(**start.values(network))
                restore(values, start.checkpoints)


def _no_network(stream: str) -> str:
    return f"no run of --init has a network of {stream}"


def _classes(labels: list[str]) -> str:
    shown = ", ".join(labels[:2]) + (", ..." if len(labels) > 2 else "")
    return f"{len(labels)} classes: {shown}"
