"""What a served model takes and returns, as its server tells it."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from d3d_tf.hub_export.client.errors import ServingError, printable
from d3d_tf.hub_export.client.module_info import MOST_FRAMES

# tensorflow/core/framework/types.proto: the types of our modules, and the
# names that REST has for them.
FLOAT, DOUBLE, INT32, UINT8, STRING = 1, 2, 3, 4, 7
TYPE_NAMES = {
    "DT_FLOAT": FLOAT,
    "DT_DOUBLE": DOUBLE,
    "DT_INT32": INT32,
    "DT_UINT8": UINT8,
    "DT_STRING": STRING,
}
PROBABILITIES, BOXES = "probabilities", "boxes"
FEATURES, NUM_FRAMES = "features", "num_frames"
# By NumPy's names, what is sent.
NUMBERS = {"float32": FLOAT, "int32": INT32, "uint8": UINT8}
# Of a request, by name: encoded frames; or an array of one of `NUMBERS`, as
# boxes, float32 `[N, 4]`, or features, uint8 `[frames, 1152]`.
Inputs = dict[str, list[bytes] | np.ndarray]


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


class EncodedInput(NamedTuple):
    """What a signature that takes encoded frames says of itself.

    Attributes:
      key: the input's name.
      frames: of a clip; None: any.
      classes: how many values of the output it returns; None: not known.
      boxes: whether it also takes boxes, as `boxes`.
    """

    key: str
    frames: int | None
    classes: int | None
    boxes: bool = False


def encoded_input(
    signatures: dict[str, Signature],
    name: str,
    *,
    address: str,
    output: str = PROBABILITIES,
    boxes: bool | None = None,
) -> EncodedInput:
    """The input that takes encoded frames, `[batch, time]` bytes.

    Args:
      signatures: of the model.
      name: of the signature.
      address: of the server, as the user gave it.
      output: that is wanted.
      boxes: whether it is to be asked about boxes, too; None: as it is.

    Raises:
      ServingError: there is no such signature, it takes something else, or it
        does not return that output.
    """
    signature, said = _called(signatures, name, address)
    others = dict(signature.inputs)
    takes_boxes = BOXES in others and others[BOXES].dtype == FLOAT
    if boxes is not None and boxes != takes_boxes:
        raise _unfit(
            f"{said} is a detector's, which is asked about persons: give "
            "--boxes=FILE."
            if takes_boxes
            else f"{said} takes no boxes: it finds persons by itself, or is "
            "not a detector's; leave --boxes out."
        )
    if takes_boxes:
        del others[BOXES]
    key, frames = _frames_of(signature._replace(inputs=others), said)
    _require_output(signature, output, said)
    return _input_of(signature, key, frames, output)._replace(boxes=takes_boxes)


def _input_of(
    signature: Signature, key: str, frames: int, output: str
) -> EncodedInput:
    """What is said of an input, by its frames and the classes of an output."""
    classes = (signature.outputs[output].shape or (-1,))[-1]
    return EncodedInput(
        key,
        None if frames == -1 else frames,
        None if classes == -1 else classes,
    )


def _called(
    signatures: dict[str, Signature], name: str, address: str
) -> tuple[Signature, str]:
    """The signature of that name, and what messages call it.

    Raises:
      ServingError: there is none.
    """
    # `__saved_model_init_op` and the like cannot be called.
    callable_ = sorted(n for n in signatures if not n.startswith("__"))
    if name not in callable_:
        raise _unfit(
            f"The model at {address} has no signature {name!r}; it has "
            f"{_listed(callable_) or 'none'}. --signature chooses one."
        )
    return signatures[name], f"The signature {name!r} at {address}"


def _require_output(signature: Signature, output: str, said: str) -> None:
    if output not in signature.outputs:
        why = (
            ": the model classifies nothing" if output == PROBABILITIES else ""
        )
        raise _unfit(
            f"{said} returns {_listed(signature.outputs) or 'nothing'} and no "
            f"{output}{why}."
        )


def feature_input(
    signatures: dict[str, Signature],
    name: str,
    *,
    address: str,
    output: str = PROBABILITIES,
) -> EncodedInput:
    """The input that takes features, `[batch, frames, N]` bytes.

    Args:
      signatures, name, address, output: as in `encoded_input`.

    Raises:
      ServingError: there is no such signature, it takes something else, or it
        does not return that output.
    """
    signature, said = _called(signatures, name, address)
    _require_output(signature, output, said)
    fit = {
        (key, tensor.dtype, tensor.shape and len(tensor.shape))
        for key, tensor in signature.inputs.items()
    }
    if fit != {(FEATURES, UINT8, 3), (NUM_FRAMES, INT32, 1)}:
        raise _unfit(
            f"{said} takes {_described(signature) or 'nothing'}; this client "
            f"sends {FEATURES}, DT_UINT8 of rank 3, and {NUM_FRAMES}, DT_INT32 "
            "of rank 1, as a module's signature features_uint8 takes them."
        )
    return _input_of(signature, FEATURES, -1, output)


def _frames_of(signature: Signature, said: str) -> tuple[str, int]:
    """The name of the one input, and its frames; -1: any number.

    Raises:
      ServingError: the signature takes something else than one encoded clip.
    """
    taken = _described(signature)
    ((key, tensor), *others) = signature.inputs.items() or [("", Tensor(0, ()))]
    shape = (-1, -1) if tensor.shape is None else tensor.shape
    if others or tensor.dtype != STRING or len(shape) != 2:
        raise _unfit(
            f"{said} takes {taken or 'nothing'}; this client sends encoded "
            "frames, DT_STRING of rank 2, as a module's signature "
            "frames_encoded takes them."
        )
    batch, frames = shape
    if batch not in (-1, 1) or frames != -1 and not 1 <= frames <= MOST_FRAMES:
        raise _unfit(
            f"{said} takes batches of {batch} clips (-1: any) of frames "
            f"numbering {frames}; this client sends one clip of at most "
            f"{MOST_FRAMES} frames."
        )
    return key, frames


def _described(signature: Signature) -> str:
    """What a signature takes, for messages."""
    types = {number: text for text, number in TYPE_NAMES.items()}
    return _listed(
        f"{key} ({types.get(tensor.dtype, tensor.dtype)}, rank "
        f"{'free' if tensor.shape is None else len(tensor.shape)})"
        for key, tensor in signature.inputs.items()
    )


def _unfit(text: str) -> ServingError:
    return ServingError(text, "FAILED_PRECONDITION")


def _listed(names: Iterable[str]) -> str:
    return printable(", ".join(names))
