"""What the doctor does with an exported module."""

from collections.abc import Iterator
from pathlib import Path

from d3d_tf.doctor.findings import ERROR, Finding, judge, words_of
from d3d_tf.doctor.module.answers import read_answers
from d3d_tf.doctor.module.diagnosis import (
    RESOLUTION,
    judge_caller,
    nearest_lines,
    suspects,
)
from d3d_tf.doctor.module.kit import (
    ANSWERS,
    kit_folder,
    write_clips,
    write_readme,
)
from d3d_tf.doctor.module.mistakes import NAMES, Oracle
from d3d_tf.doctor.module.promises import (
    check_input,
    check_labels,
    check_warm_up,
)
from d3d_tf.doctor.module.served import Module, open_module
from d3d_tf.doctor.module.signatures import (
    check_answers,
    check_mistake,
    check_signatures,
)
from d3d_tf.errors import UserError
from d3d_tf.screen import say


def check_module(
    folder: Path, answers: str | None, out: Path | None
) -> Iterator[Finding]:
    """Checks a module, or with `answers` a caller of it.

    Args:
      folder: of a version.
      answers: a file of a caller's answers to the bundled clips.
      out: where the clips go; default: `kit_folder`.

    Yields:
      Findings, as they are made.

    Raises:
      UserError: `answers` cannot be read.
    """
    try:
        module = open_module(folder)
    except UserError as error:
        yield judge("module", str(folder), errors=[str(error).rstrip(".")])
        return
    yield judge("module", f"{folder}, {module.told.get('kind')}")
    yield check_input(module)
    out = out or kit_folder(folder)
    clips = write_clips(out)
    oracle = Oracle(module, clips)
    if answers:
        yield from _caller(module, clips, Path(answers))
        return
    yield from _itself(oracle)
    readme = write_readme(out, module, clips)
    say(
        f"your program: send it {out}/clips as {readme} tells, then "
        f"--answers={out / ANSWERS} says what it does wrong"
    )


def _itself(oracle: Oracle) -> Iterator[Finding]:
    module = oracle.module
    outputs = _outputs(oracle)
    if isinstance(outputs, Finding):
        yield outputs
        return
    labels = check_labels(module, outputs)
    yield labels
    yield check_signatures(oracle)
    yield check_warm_up(module)
    yield check_answers(oracle)
    for mistake in oracle.possible():
        # With wrong names there are no right ones to exchange.
        if mistake.step == NAMES and labels.level == ERROR:
            continue
        yield check_mistake(oracle, mistake, RESOLUTION)


def _outputs(oracle: Oracle) -> int | Finding:
    """How many numbers the module answers, or that it answers none."""
    try:
        return oracle.answers().shape[1]
    except Exception as error:  # TensorFlow's are of many kinds.
        return judge(
            "answers",
            "to the bundled clips",
            errors=[f"the module fails: {words_of(error)}"],
        )


def _caller(module: Module, clips: list[Path], path: Path) -> Iterator[Finding]:
    width = _outputs(Oracle(module, clips[:1]))
    if isinstance(width, Finding):
        yield width
        return
    labels = check_labels(module, width)
    yield labels
    if labels.level == ERROR:
        return
    given = read_answers(
        path,
        [clip.stem for clip in clips],
        module.info.labels if module.classifies else (),
        width,
    )
    found = suspects(module, clips, given)
    say("distance of the answers (0 equal, 1 nothing in common) from those of:")
    for line in nearest_lines(found):
        say(line)
    yield judge_caller(found, len(given.clips))
