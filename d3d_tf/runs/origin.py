"""What a run is started with: its records, and whose weights it began with."""

import dataclasses
from pathlib import Path

from d3d_tf.atomic_files import resolved, to_path


@dataclasses.dataclass(frozen=True)
class Origin:
    """What `Run.start` writes to `origin.json`.

    Attributes:
      records: the record folder; None if there are none.
      flow: the identity of the records' flow.
      dataset: digest of the records.
      flow_mismatch: flows that differ although they should not, and were
        accepted.
      teacher: a run whose networks are borrowed.
      weights: see `Run.weights`.
      finetuned: see `Run.is_finetuned`.
    """

    records: Path | None
    flow: dict
    dataset: str | None = None
    flow_mismatch: dict | None = None
    teacher: Path | None = None
    weights: dict | None = None
    finetuned: bool = False

    def entries(self) -> dict:
        """For JSON; the last three are left out where there is nothing."""
        entries: dict = {
            "records": str(self.records) if self.records else None,
            "teacher": str(self.teacher) if self.teacher else None,
            "flow": self.flow,
            "flow_mismatch": self.flow_mismatch,
        }
        later = {
            "dataset": self.dataset,
            "weights": self.weights,
            "finetuned": self.finetuned,
        }
        return entries | {key: value for key, value in later.items() if value}


def place(folder: str | Path | None) -> str | None:
    """However it is spelt, the same folder is the same."""
    return str(resolved(to_path(folder))) if folder else None


def different_starts(
    before: list[dict] | None, now: list[dict] | None
) -> tuple[str, str] | None:
    """In words, which runs networks began with; None: with the same.

    Args:
      before, now: `init` of `Run.weights`. If they name the same runs, the
        words say what the networks took from these.
    """
    old, new = (
        [entry | {"run": place(entry["run"])} for entry in init or []]
        for init in (before, now)
    )
    if old == new:
        return None
    words = [
        ", ".join(entry["run"] for entry in init or []) or "scratch"
        for init in (before, now)
    ]
    if [entry["run"] for entry in old] == [entry["run"] for entry in new]:
        was, is_now = _only_here(old, new), _only_here(new, old)
        words[0] += f" with {was}" if was else " as it was"
        words[1] += f" with {is_now}" if is_now else " as it is now"
    return words[0], words[1]


def _only_here(init: list[dict], other: list[dict]) -> dict:
    found: dict = {}
    for entry, there in zip(init, other, strict=True):
        networks, others = entry.get("networks", {}), there.get("networks", {})
        found |= {n: s for n, s in networks.items() if s != others.get(n)}
    return found
