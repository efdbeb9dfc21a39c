"""The example clip of a module and the answer that it must get.

An export writes both into the version folder, where TensorFlow ignores them:

    assets.extra/example/request.json  TensorFlow Serving's REST request
    assets.extra/example/answer.json   the module's own answer to it
"""

import base64
import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np

from d3d_tf.hub_export import rounding
from d3d_tf.hub_export.client.bounded import file_content, number, parsed
from d3d_tf.hub_export.client.errors import ClientError, printable
from d3d_tf.hub_export.client.module_info import description_of
from d3d_tf.hub_export.client.signature import FEATURES, NUM_FRAMES, Inputs
from d3d_tf.hub_export.rounding import difference
from d3d_tf.sealed import unsealed

FOLDER = "assets.extra/example"
REQUEST, ANSWER = "request.json", "answer.json"
SIGNATURE, INPUT, BOXES = "frames_encoded", "frames", "boxes"
FEATURES_SIGNATURE = "features_uint8"
# Export held random clips to the bound; every clip is rounded differently.
MARGIN = 10
# Up to here, rounding to 10 or 8 bits (TF32, bfloat16) is a likely cause.
COARSE = 0.05


@dataclasses.dataclass(frozen=True)
class Example:
    """What a module is asked and what it must answer.

    Attributes:
      frames: JPEGs, one per time step; none of a module of features.
      request_sha256: of request.json.
      output: `probabilities` or `features`.
      values: float64 `[classes or channels]`; a feature map's mean over time,
        height and width, a detector's over boxes.
      allowed: the largest difference, in units of the largest value if that
        is above 1, that float32 on another machine may make.
      labels: of the classes in order; none for features.
      boxes: `[N][4]`, what is asked about the clip; None: nothing.
      features: uint8 `[frames, 1152]` of a module of features; None: of others.
    """

    frames: list[bytes]
    request_sha256: str
    output: str
    values: np.ndarray
    allowed: float
    labels: tuple[str, ...] = ()
    boxes: list[list[float]] | None = None
    features: np.ndarray | None = None

    @property
    def signature(self) -> str:
        """That is asked."""
        return SIGNATURE if self.features is None else FEATURES_SIGNATURE

    @property
    def length(self) -> int:
        """How many frames it has."""
        return len(self.frames if self.features is None else self.features)

    def inputs(self, key: str = INPUT) -> Inputs:
        """What is asked, by the name of the input.

        Args:
          key: as the server calls the encoded frames.
        """
        if self.features is not None:
            return {
                FEATURES: self.features,
                NUM_FRAMES: np.array(self.length, np.int32),
            }
        asked: Inputs = {key: self.frames}
        if self.boxes is not None:
            asked[BOXES] = np.array(self.boxes, np.float32)
        return asked

    def name(self, index: int) -> str:
        """Of a class or a channel."""
        known = index < len(self.labels)
        return repr(self.labels[index]) if known else str(index)


def read_example(
    module: str | Path, labels: tuple[str, ...] = ()
) -> Example | None:
    """Reads the example of a module; None if it has none.

    Args:
      module: the version folder or its module.json.
      labels: of the module's classes in order.

    Raises:
      ClientError: a file is damaged, or belongs to another module.
    """
    file = description_of(module)
    folder = file.parent / FOLDER
    if not folder.is_dir():
        return None
    try:
        description = unsealed(parsed(file_content(file)))
        answer = unsealed(parsed(file_content(folder / ANSWER)))
        content = file_content(folder / REQUEST)
        sha256 = hashlib.sha256(content).hexdigest()
        if answer["content"] != description["content"]:
            raise ValueError("it was made for another module")
        if answer["request_sha256"] != sha256:
            raise ValueError(f"{REQUEST} is not the one that was exported")
        asked = parsed(content)["inputs"]
        clip, boxes, features = [], None, None
        if FEATURES in asked:
            (rows,) = asked[FEATURES]
            features = np.array(rows, np.uint8)
        else:
            (clip,) = asked[INPUT]
        if BOXES in asked:
            (rows,) = asked[BOXES]
            boxes = [[number(side) for side in row] for row in rows]
        return Example(
            [base64.b64decode(frame["b64"]) for frame in clip],
            sha256,
            str(answer["output"]),
            np.array([number(value) for value in answer["values"]]),
            MARGIN * rounding.told(description),
            labels,
            boxes,
            features,
        )
    except (OSError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ClientError(
            f"The example in {folder} ({REQUEST}, {ANSWER}) cannot be used: "
            f"{printable(str(error))}. Copy the whole version folder again."
        ) from error


def features_text(features: np.ndarray) -> str:
    """The REST request for a video, uint8 `[frames, 1152]`."""
    inputs = {FEATURES: [features.tolist()], NUM_FRAMES: [len(features)]}
    return json.dumps({"signature_name": FEATURES_SIGNATURE, "inputs": inputs})


def request_text(
    frames: list[bytes], boxes: list[list[float]] | None = None
) -> str:
    """TensorFlow Serving's REST request for a clip of JPEGs, and its boxes."""
    clip = [{"b64": base64.b64encode(frame).decode()} for frame in frames]
    inputs: dict = {INPUT: [clip]}
    if boxes is not None:
        inputs[BOXES] = [boxes]
    return json.dumps({"signature_name": SIGNATURE, "inputs": inputs})


def per_channel(outputs: np.ndarray) -> np.ndarray:
    """`[1, ..., channels]` to float64 `[channels]`, the mean of the rest."""
    outputs = np.asarray(outputs, np.float64)
    return outputs.reshape(-1, outputs.shape[-1]).mean(axis=0)


def compare(
    example: Example, values: np.ndarray, allowed: float | None = None
) -> tuple[bool, str]:
    """Compares an answer with the example's.

    Args:
      example: of the module.
      values: float64 `[classes or channels]`, the answer.
      allowed: the largest difference; default: the example's own.

    Returns:
      Whether they are equal, and one line that says so or what differs.
    """
    allowed = example.allowed if allowed is None else allowed
    expected = example.values
    if values.shape != expected.shape:
        return False, (
            f"{values.size} values, the module has {expected.size}: another "
            "module answers"
        )
    if not np.isfinite(values).all():
        return False, "values that are not finite"
    largest = difference(expected, values)
    if largest <= allowed:
        return True, (
            f"equal: the largest difference of {values.size} {example.output} "
            f"is {largest:.1e}, {allowed:.1e} is allowed"
        )
    text = f"the largest difference is {largest:.2g}, allowed is {allowed:.1e}"
    top, right = int(values.argmax()), int(expected.argmax())
    if top != right:
        text += (
            f"; the largest value is {example.name(top)}, not "
            f"{example.name(right)}"
        )
    return False, f"{text}; {_cause(example, values, largest, allowed)}"


def _cause(
    example: Example, values: np.ndarray, largest: float, allowed: float
) -> str:
    expected = example.values
    if example.output == "probabilities":
        odds = np.exp(values - values.max())
        if difference(expected, odds / odds.sum()) <= allowed:
            return "these are logits: the soft-max is missing"
    if difference(np.sort(expected), np.sort(values)) <= allowed:
        return "the values are right and their order is not"
    if largest <= COARSE and values.argmax() == expected.argmax():
        return (
            "a processor that rounds to 8 or 10 bits (bfloat16, TF32) may "
            f"differ so much: --allowed={COARSE:g} accepts it"
        )
    return (
        "other weights, or other pixels: docs/input.md lists mistakes and how "
        "far they move the answer"
    )
