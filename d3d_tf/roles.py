"""The networks of a run, by the names that results.json uses."""

import dataclasses

TEACHER, BASELINE, STUDENT = "teacher", "baseline", "student"
# Of a converted network of pictures: a trunk without a head, to start from.
INITIAL = "initial"


@dataclasses.dataclass(frozen=True)
class Role:
    """A row of the results table: a network, or two that are fused.

    Attributes:
      title: what people call it.
      parts: the networks behind it; two are fused by their mean answer.
      stream: what one network looks at; None of two.
    """

    title: str
    parts: tuple[str, ...]
    stream: str | None = None


# The order is that of the table.
ROLES = {
    TEACHER: Role("Flow (teacher)", (TEACHER,), "flow"),
    BASELINE: Role("RGB (baseline)", (BASELINE,), "frames"),
    "two_stream": Role("Two-stream", (TEACHER, BASELINE)),
    STUDENT: Role("D3D (student)", (STUDENT,), "frames"),
    "ensemble": Role("D3D + RGB", (STUDENT, BASELINE)),
}
# Network: its stream.
STREAM = {name: role.stream for name, role in ROLES.items() if role.stream}
# In a run of --mode=finetune no teacher taught the student.
FINETUNED = "Fine-tuned"


def titles(*, finetuned: bool = False) -> dict[str, str]:
    """What the table of a run calls its rows."""
    names = {name: role.title for name, role in ROLES.items()}
    return names | ({STUDENT: FINETUNED} if finetuned else {})
