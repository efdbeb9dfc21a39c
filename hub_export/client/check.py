"""Compares a server's answer to a module's example clip with the module's."""

from pathlib import Path

import numpy as np

from d3d_tf.hub_export.client.classification import connect
from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.example import (
    Example,
    compare,
    per_channel,
    read_example,
)
from d3d_tf.hub_export.client.module_info import (
    description_of,
    read_module_info,
)
from d3d_tf.hub_export.client.retry import Deadline
from d3d_tf.hub_export.client.signature import encoded_input, feature_input


def check(
    server: str,
    module: str | Path,
    *,
    model: str,
    version: int | None = None,
    allowed: float | None = None,
    deadline: float = 60.0,
    retries: int = 3,
) -> tuple[bool, str]:
    """Sends the example of a module to a server.

    Args:
      server, model, version, deadline, retries: as for `classify`.
      module: the version folder that should be served.
      allowed: the largest difference; default: what float32 may make on
        another machine. See docs/input.md.

    Returns:
      Whether the server answers as the module does, and one line about it.

    Raises:
      ClientError: the server or the module cannot be asked, or the module has
        no example.
    """
    labels = read_module_info(module).labels
    example = read_example(module, labels)
    if example is None:
        raise ClientError(
            f"{module} has no example clip, as an older version of d3d_tf "
            "exported it: export it again with --mode=export."
        )
    output = example.output
    left = Deadline(deadline, retries)
    backend = connect(server, model, version)
    try:
        key = (encoded_input if example.features is None else feature_input)(
            left.call(backend.signatures),
            example.signature,
            address=server,
            output=output,
        ).key
        inputs = example.inputs(key)
        answer = left.call(
            lambda seconds: backend.predict(
                example.signature, inputs, seconds, (output,)
            )
        )[output]
    finally:
        backend.close()
    values = per_channel(answer) if answer.size else answer.ravel()
    equal, text = compare(example, values, allowed)
    other = None if equal else _other_version(example, values, module)
    return equal, f"{text}; it is the answer of {other}" if other else text


def _other_version(
    example: Example, values: np.ndarray, module: str | Path
) -> str | None:
    """The version folder beside this one whose answer it is, if any."""
    here = description_of(module).parent
    for folder in sorted(here.resolve().parent.glob("[0-9]*")):
        try:
            other = read_example(folder)
        except ClientError:
            continue
        if (
            other
            and folder != here.resolve()
            and other.request_sha256 == example.request_sha256
            and compare(other, values)[0]
        ):
            return f"version {folder.name}"
    return None
