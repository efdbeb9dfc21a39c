"""What the doctor does with an exported module."""

from collections.abc import Iterator
from pathlib import Path

from d3d_tf.doctor.findings import Finding, judge, words_of
from d3d_tf.doctor.module.promises import (
    check_input,
    check_labels,
    check_warm_up,
)
from d3d_tf.doctor.module.served import open_module
from d3d_tf.doctor.module.signatures import (
    check_example,
    check_signatures,
    inputs_for,
)
from d3d_tf.errors import UserError


def check_module(folder: Path) -> Iterator[Finding]:
    """Checks a module.

    Args:
      folder: of a version.

    Yields:
      Findings, as they are made.
    """
    try:
        module = open_module(folder)
    except UserError as error:
        yield judge("module", str(folder), errors=[str(error).rstrip(".")])
        return
    yield judge("module", f"{folder}, {module.told.get('kind')}")
    yield check_input(module)
    try:
        inputs = inputs_for(module)
        expected = module.output(inputs["serving_default"])
    except Exception as error:  # TensorFlow's are of many kinds.
        yield judge(
            "signatures",
            "a drawn clip",
            errors=[f"the module fails: {words_of(error)}"],
        )
        return
    yield check_labels(module, expected.shape[-1])
    yield check_signatures(module, inputs, expected)
    yield check_warm_up(module)
    yield check_example(module)
