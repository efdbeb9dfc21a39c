"""What a served model takes and returns, as its server tells it."""

from typing import NamedTuple

from d3d_tf.hub_export.client.errors import ServingError

# tensorflow/core/framework/types.proto: the types of our modules, and the
# names that REST has for them.
FLOAT, DOUBLE, UINT8, STRING = 1, 2, 4, 7
TYPE_NAMES = {
    "DT_FLOAT": FLOAT,
    "DT_DOUBLE": DOUBLE,
    "DT_UINT8": UINT8,
    "DT_STRING": STRING,
}
PROBABILITIES = "probabilities"


class Tensor(NamedTuple):
    """A tensor's `dtype`, a number of types.proto, and its shape.

    The shape has -1 where a length is free, and is None where the rank is.
    """

    dtype: int
    shape: tuple[int, ...] | None


class Signature(NamedTuple):
    """Inputs and outputs by name."""

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


def encoded_input(
    signatures: dict[str, Signature], name: str
) -> tuple[str, int | None]:
    """The input that takes encoded frames, `[batch, time]` bytes.

    Args:
      signatures: of the model.
      name: of the signature.

    Returns:
      The input's name, and the number of frames if the signature fixes it.

    Raises:
      ServingError: there is no such signature, it takes something else, or it
        returns no probabilities.
    """
    # `__saved_model_init_op` and the like are none that can be called.
    callable_ = sorted(n for n in signatures if not n.startswith("__"))
    if name not in callable_:
        raise ServingError(
            f"The model has no signature {name!r}; it has "
            f"{', '.join(callable_) or 'none'}. --signature chooses one.",
            "FAILED_PRECONDITION",
        )
    signature = signatures[name]
    types = {number: text for text, number in TYPE_NAMES.items()}
    taken = ", ".join(
        f"{key} ({types.get(tensor.dtype, tensor.dtype)}, rank "
        f"{'free' if tensor.shape is None else len(tensor.shape)})"
        for key, tensor in signature.inputs.items()
    )
    ((key, tensor), *others) = signature.inputs.items() or [("", Tensor(0, ()))]
    shape = (-1, -1) if tensor.shape is None else tensor.shape
    if others or tensor.dtype != STRING or len(shape) != 2:
        raise ServingError(
            f"The signature {name!r} takes {taken or 'nothing'}; this client "
            "sends encoded frames, DT_STRING of rank 2, as a module's "
            "signature frames_encoded takes them.",
            "FAILED_PRECONDITION",
        )
    if PROBABILITIES not in signature.outputs:
        raise ServingError(
            f"The signature {name!r} returns "
            f"{', '.join(signature.outputs) or 'nothing'} and no "
            f"{PROBABILITIES}: the model classifies nothing.",
            "FAILED_PRECONDITION",
        )
    return key, shape[1] if shape[1] > 0 else None
