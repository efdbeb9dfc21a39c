"""What a check found: a level, numbers, and words for people."""

import collections
import dataclasses
from collections.abc import Iterable, Sequence

OK, WARNING, ERROR = "OK", "WARNING", "ERROR"
MOST = 3  # Problems of a check that are spelled out.


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line of the result.

    Attributes:
      check: its name.
      level: `OK`, `WARNING` (look at it) or `ERROR` (do not use it so).
      text: what was counted, and what is wrong with it.
    """

    check: str
    level: str
    text: str

    def line(self) -> str:
        """As it stands on the screen."""
        return f"{self.level:8}{self.check}: {self.text}"


def judge(
    check: str,
    numbers: str,
    *,
    errors: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Finding:
    """A finding as bad as the worst of its problems.

    Args:
      check: its name.
      numbers: what was looked at; said in any case.
      errors, warnings: problems in words, the first few of which are said.
    """
    problems = [*errors, *warnings]
    if not problems:
        return Finding(check, OK, numbers)
    text = f"{numbers}; {'; '.join(problems[:MOST])}"
    if len(problems) > MOST:
        text += f"; and {len(problems) - MOST} more"
    return Finding(check, ERROR if errors else WARNING, text)


def words_of(error: Exception) -> str:
    """The first line of what an exception says, not more than 160 letters."""
    text = str(getattr(error, "message", None) or error).strip()
    return (text or type(error).__name__).splitlines()[0][:160]


def grouped(problems: Iterable[tuple[str, str]]) -> list[str]:
    """Equal problems of several records as one: how many, and one of them.

    Args:
      problems: (words, id of the record).
    """
    ids: dict[str, list[str]] = collections.defaultdict(list)
    for words, id_ in problems:
        ids[words].append(id_)
    return [
        f"{words} ({len(found)} records, such as {found[0]})"
        if len(found) > 1
        else f"{words} ({found[0]})"
        for words, found in ids.items()
    ]
