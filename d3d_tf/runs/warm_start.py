"""What training starts from: networks of other runs, `--init`."""

import dataclasses

import tensorflow as tf

from d3d_tf import config
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.models import architecture, head_names
from d3d_tf.roles import BASELINE, INITIAL, STREAM, STUDENT, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.training.checkpoints import is_finished, restore

# Which networks of a run can start one that looks at that stream.
_GIVERS = {"flow": (TEACHER,), "frames": (STUDENT, BASELINE, INITIAL)}


@dataclasses.dataclass(frozen=True)
class _Start:
    """Where one network starts: a network of a run, with its head or not."""

    run: Run
    giver: str
    head: bool


class Initial:
    """The starts of the networks that a job will train.

    Args:
      runs: of `--init`, in the order of preference.
      recipe: of the new run.
      labels: of the new run.
      roles: the networks that will be trained.
      giver: the one network of a run that may start them; None: the first that
        it has of student and baseline (or of teacher, for flow).

    Raises:
      UsageError: a run has another architecture, or nothing to give.
    """

    def __init__(
        self,
        runs: list[Run],
        recipe: Recipe,
        labels: list[str],
        roles: tuple[str, ...],
        giver: str | None = None,
    ):
        self._runs = runs
        self._labels = labels
        self._heads = head_names(recipe.network)
        self._giver = giver
        self._starts: dict[str, _Start] = {}
        self._scratch: list[str] = []
        for role in roles:
            start = self._find(role)
            if start is None:
                self._scratch.append(role)
                continue
            _require_same_architecture(start, recipe, role)
            self._starts[role] = start
        for run in runs:
            if not any(s.run is run for s in self._starts.values()):
                wanted = " or ".join(f"{r} ({STREAM[r]})" for r in roles)
                only = f", only its {giver} was asked for" if giver else ""
                raise UsageError(
                    f"{run.folder} has no finished network to start {wanted} "
                    f"from{only}."
                )

    def _find(self, role: str) -> _Start | None:
        for run in self._runs:
            givers = (self._giver,) if self._giver else _GIVERS[STREAM[role]]
            for giver in givers:
                if is_finished(run.checkpoints(giver)):
                    head = giver != INITIAL and run.labels() == self._labels
                    return _Start(run, giver, head)
        return None

    def describe(self) -> list[dict]:
        """For origin.json: each run, where it is from, what it gave to whom."""
        return [
            {
                "run": str(run.folder),
                "weights": run.weights(),
                "networks": {
                    role: {
                        "from": start.giver,
                        "head": "kept" if start.head else self._new_head(start),
                        "new": [] if start.head else list(self._heads),
                    }
                    for role, start in self._starts.items()
                    if start.run is run
                },
                "from_scratch": self._scratch,
            }
            for run in self._runs
        ]

    def tell(self) -> None:
        """Says what every network starts from, and what starts anew."""
        for role, start in self._starts.items():
            text = f"{role} starts from the {start.giver} of {start.run.folder}"
            if not start.head:
                text += (
                    f"; its head is {self._new_head(start)}: "
                    f"{', '.join(self._heads)} start anew"
                )
            say(text)
        for role in self._scratch:
            say(
                f"warning: {role} starts from scratch: no run of --init has a "
                f"network of {STREAM[role]}."
            )

    def _new_head(self, start: _Start) -> str:
        there = start.run.labels()
        old = _classes(there) if there else "no head"
        return f"replaced ({old} there, {_classes(self._labels)} here)"

    def fill(self, network, role: str) -> None:
        """Gives a new network its start; the rest is as it was made."""
        start = self._starts.get(role)
        if start is None:
            return
        parts = {"trunk": network.trunk}
        if start.head:
            parts["head"] = network.head
        restore(
            tf.train.Checkpoint(**parts), start.run.checkpoints(start.giver)
        )


def _classes(labels: list[str]) -> str:
    shown = ", ".join(labels[:2]) + (", ..." if len(labels) > 2 else "")
    return f"{len(labels)} classes: {shown}"


def _require_same_architecture(
    start: _Start, recipe: Recipe, role: str
) -> None:
    run = start.run
    found = config.differences(
        architecture(run.recipe().network_of(start.giver)),
        architecture(recipe.network_of(role)),
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
            f"{role} cannot start from {run.folder}, which is another network "
            f"({text}). To train that one: {settings}."
        )


def _as_yaml(value) -> str:
    if isinstance(value, tuple):  # In one word of a shell.
        return f"[{','.join(map(str, value))}]"
    return "null" if value is None else str(value)
