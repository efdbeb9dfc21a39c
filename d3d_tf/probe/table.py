"""What probes found, side by side: table 1 and figure 3 of D3D."""

import dataclasses

import numpy as np

from d3d_tf.evaluation.bootstrap import crossed_interval
from d3d_tf.probe.errors import Errors
from d3d_tf.roles import BASELINE, STUDENT, TEACHER, titles


@dataclasses.dataclass(frozen=True)
class Entry:
    """One network at one endpoint on one split, all seeds.

    Attributes:
      network: a role; empty: a decoder that answers 0.
      finetuned: whether the network was trained with its decoder.
      endpoint: its whole name.
      errors: of each seed.
    """

    network: str
    finetuned: bool
    endpoint: str
    errors: tuple[Errors, ...]

    @property
    def title(self) -> str:
        """For people."""
        if not self.network:
            return "All zeros"
        how = ", fine-tuned" if self.finetuned else ""
        return f"{titles()[self.network]}{how}"

    def values(self, exact: bool = False) -> np.ndarray:
        """`[seeds, videos]`: distances from the stored, or the exact, flow."""
        if not self.network:
            return np.stack([e.zeros for e in self.errors])
        return np.stack([e.exact if exact else e.epe for e in self.errors])

    def metrics(self, baseline: "Entry | None") -> dict:
        """For probe.json: means with 95 % intervals.

        Args:
          baseline: what it is compared with, video by video; None: nothing.
        """
        found = {"epe": _measured(self.values())}
        exact = self.values(exact=True)
        if self.network and np.isfinite(exact).all():
            found["epe_exact"] = _measured(exact)
        if baseline is not None and baseline is not self:
            change = self.values() - baseline.values()
            found["minus_baseline"] = _measured(change)
        return {
            "network": self.network or "zeros",
            "finetuned": self.finetuned,
            "endpoint": self.endpoint,
            **found,
        }


def _measured(values: np.ndarray) -> dict:
    return {
        "value": float(values.mean()),
        "n": values.shape[1],
        "seeds": values.shape[0],
        "ci95": list(crossed_interval(values)),
    }


def rows(entries: list[Entry]) -> list[dict]:
    """Of one split, endpoint by endpoint: zeros first, flow last.

    Args:
      entries: of networks.
    """
    found = []
    for endpoint in dict.fromkeys(entry.endpoint for entry in entries):
        here = [entry for entry in entries if entry.endpoint == endpoint]
        zeros = Entry("", False, endpoint, here[0].errors[:1])
        here.sort(key=_place)
        plain = [e for e in here if e.network == BASELINE and not e.finetuned]
        for entry in [zeros, *here]:
            told = entry.metrics(plain[0] if plain else None)
            found.append({"title": entry.title} | told)
    return found


def _place(entry: Entry) -> int:
    """In the order of table 1: who should know more of motion comes later."""
    if entry.finetuned:
        return 2
    return {BASELINE: 0, STUDENT: 1, TEACHER: 3}[entry.network]


def line(row: dict) -> str:
    """A row of `rows` on the screen."""
    text = f"{row['title']:28}{row['endpoint']:18}{_cell(row['epe'])}"
    if "minus_baseline" in row:
        change = row["minus_baseline"]
        low, high = change["ci95"]
        text += f"{change['value']:+.3f} [{low:+.3f}, {high:+.3f}]"
    if "epe_exact" in row:
        text = f"{text:93}{_cell(row['epe_exact'])}"
    return text.rstrip()


def header(split: str, exact: bool) -> str:
    """The line above those of `line`."""
    text = f"{split:46}{'EPE, pixels':22}minus RGB"
    return f"{text:93}EPE, exact flow" if exact else text


def _cell(measured: dict) -> str:
    low, high = measured["ci95"]
    return f"{measured['value']:.3f} [{low:.3f}, {high:.3f}]  "
