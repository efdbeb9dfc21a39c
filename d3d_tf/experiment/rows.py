"""The rows of the results table, on the screen and in results.json."""

import dataclasses

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import EvaluationRecipe, to_dict
from d3d_tf.damaged import read_json
from d3d_tf.errors import UserError
from d3d_tf.evaluation.scores import Scores
from d3d_tf.roles import ROLES
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.sealed import sealed
from d3d_tf.tasks import load_scores

_AGAIN = "--mode=evaluate scores the network again"
_COSTS = {
    "dataset": str,
    "splits": [str],
    "parameters": int,
    "milliseconds": float,
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
      role: a key of `ROLES`.
      scores: by split.
      parameters: trained ones, of all networks that it runs.
      milliseconds: per video, flow included where it needs it.
    """

    role: str
    scores: dict[str, Scores]
    parameters: int
    milliseconds: float

    def train(self) -> dict:
        """The headline on the training videos; empty if there are none."""
        if "train" not in self.scores:
            return {}
        scores = self.scores["train"]
        entry = scores.metrics()[scores.headline()]
        return {key: entry[key] for key in ("value", "n")}

    def save(self, run: Run, data_digest: str, views: EvaluationRecipe) -> None:
        """Writes scores and costs into the run folder, the costs last."""
        run.costs(self.role).parent.mkdir(parents=True, exist_ok=True)
        hashes = {
            split: scores.save(run.scores(self.role, split))
            for split, scores in self.scores.items()
        }
        costs = {
            "dataset": data_digest,
            "views": to_dict(views),
            "splits": list(self.scores),
            "sha256": hashes,
            "parameters": self.parameters,
            "milliseconds": self.milliseconds,
        }
        write_atomically(run.costs(self.role), sealed(costs))

    @classmethod
    def load(
        cls, role: str, run: Run, data_digest: str, views: EvaluationRecipe
    ) -> "Row | None":
        """What `save` wrote for the same data and views, or None.

        What cannot be read is None, too, and that is said.
        """
        if not run.costs(role).exists():
            return None
        try:
            costs = read_costs(run, role)
            # Older runs do not say: they knew one view only.
            saved = costs.get("views", to_dict(EvaluationRecipe()))
            if costs["dataset"] != data_digest or saved != to_dict(views):
                return None
            scores = read_scores(run, role, costs)
        except UserError as error:
            text = f"{error}".rstrip(".: ")
            say(f"warning: {text}: {ROLES[role].title} is scored again.")
            return None
        return cls(
            role,
            scores,
            parameters=costs["parameters"],
            milliseconds=costs["milliseconds"],
        )

    def metrics(self, test_splits: list[str]) -> dict:
        """Entries of results.json; the bare name is the last, hardest split."""
        entries: dict = {}
        if train := self.train():
            name = self.scores["train"].headline()
            entries[f"{self.role}/train_{name}"] = train
        entries |= {
            f"{self.role}/parameters": {"value": self.parameters},
            f"{self.role}/ms_per_video": {"value": self.milliseconds},
        }
        for split in test_splits:
            for name, entry in self.scores[split].metrics().items():
                entries[f"{self.role}/{name}"] = entry
                if len(test_splits) > 1:
                    entries[f"{self.role}/{name}/{split}"] = entry
        return entries


def read_costs(run: Run, role: str) -> dict:
    """What `Row.save` wrote beside the scores.

    Raises:
      UserError: it is missing or damaged.
    """
    return read_json(run.costs(role), _COSTS, _AGAIN)


def read_scores(run: Run, role: str, costs: dict) -> dict[str, Scores]:
    """Scores of every split that `costs` names, held to their hashes.

    Raises:
      UserError: they are missing or damaged.
    """
    hashes = costs.get("sha256", {})
    return {
        split: load_scores(run.scores(role, split), hashes.get(split))
        for split in costs["splits"]
    }


def header(test_splits: list[str], scores: type[Scores]) -> str:
    """The first line of the table on the screen.

    Args:
      test_splits: whose columns it has.
      scores: of the task.
    """
    title = scores.measures[scores.headline()].title
    splits = "".join(f"{f'{title} {name}':>24}" for name in test_splits)
    return f"{'':16}{splits}{'training':>10}{'parameters':>12}{'ms/video':>10}"


def line(
    row: Row, test_splits: list[str], *, toy: bool, name: str | None = None
) -> str:
    """A row on the screen: the headline, such as accuracies in %.

    With 95 % intervals, see `Metric` for the unit.
    """
    cells = ""
    for split in test_splits:
        scores = row.scores[split]
        metric = scores.measures[scores.headline()]
        entry = scores.metrics()[scores.headline()]
        low, high = (metric.scale * bound for bound in entry["ci95"])
        cell = f"{metric.number(entry['value'])} [{low:.1f}, {high:.1f}]"
        cells += f"{cell:>24}"
    train = row.train().get("value")
    failed = toy and metric.failed(train)
    return (
        f"{name or ROLES[row.role].title:16}{cells}"
        f"{'-' if train is None else f'{metric.scale * train:.1f}':>10}"
        f"{row.parameters:>12,}{row.milliseconds:>10.1f}"
        f"{'  did not converge' if failed else ''}"
    )
