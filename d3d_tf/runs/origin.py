"""What a run is started with: its records, and whose weights it began with."""

import dataclasses
from pathlib import Path


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
