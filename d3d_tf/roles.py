"""The networks of a run, by the names that results.json uses."""

import dataclasses

from d3d_tf.config import Recipe

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


# Networks of features differ by the frames that they see.
_OF_FEATURES = {
    TEACHER: "All frames (teacher)",
    BASELINE: "Fewer frames (baseline)",
    STUDENT: "Fewer frames (student)",
}


def stream_of(recipe: Recipe, role: str) -> str:
    """What a network of a run looks at."""
    return "features" if recipe.of_features else STREAM[role]


def rows_of(recipe: Recipe) -> tuple[str, ...]:
    """The rows of the table that --mode=distill makes."""
    return tuple(_OF_FEATURES if recipe.of_features else ROLES)


def titles(
    recipe: Recipe | None = None, *, finetuned: bool = False
) -> dict[str, str]:
    """What the table of a run calls its rows.

    Args:
      recipe: of the run; None: of one of videos.
      finetuned: whether --mode=finetune made it.
    """
    names = {name: role.title for name, role in ROLES.items()}
    if recipe and recipe.of_features:
        names = dict(_OF_FEATURES)
    return names | ({STUDENT: FINETUNED} if finetuned else {})
