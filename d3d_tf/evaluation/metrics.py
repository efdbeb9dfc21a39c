"""What a metric is called and how it is shown, with its uncertainty."""

import dataclasses
import math

# On the toy a network below this has not learned its task, and a comparison
# with it means nothing.
CONVERGED = 0.97


@dataclasses.dataclass(frozen=True)
class Metric:
    """How an entry of results.json is shown to people.

    Attributes:
      title: its name.
      unit: after the number.
      scale: a value of results.json times this is in that unit.
      interval: the name of the 95 % interval.
      failed_below: on the toy's training videos, a network below this has not
        learned; None: that is not known.
    """

    title: str
    unit: str = "%"
    scale: float = 100.0
    interval: str = "Wilson"
    failed_below: float | None = None

    def failed(self, value: float | None) -> bool:
        """Whether a network with this value on the toy has not learned."""
        if value is None or self.failed_below is None:
            return False
        return value < self.failed_below

    def number(self, value: float) -> str:
        """In the unit, without it: `36.2`."""
        # 109 of 400 are 27.25 %, but 100 * 0.2725 is a little more.
        return f"{round(self.scale * value, 9):.1f}"

    def text(self, entry: dict) -> str:
        """With its interval: `36.2 % [34.1, 38.4]`."""
        low, high = (self.scale * bound for bound in entry["ci95"])
        value = self.scale * entry["value"]
        return f"{value:.1f} {self.unit} [{low:.1f}, {high:.1f}]"


def percent(entry: dict) -> str:
    """A share of results.json with its interval: `36.2 % [34.1, 38.4]`."""
    return Metric("share").text(entry)


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); good for shares near 0 and 1."""
    if total == 0:
        return 0.0, 1.0
    z = 1.959963984540054
    share = right / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(
        share * (1 - share) / total + z * z / (4 * total * total)
    )
    scale = 1 + z * z / total
    return max(0.0, (centre - spread) / scale), min(
        1.0, (centre + spread) / scale
    )
