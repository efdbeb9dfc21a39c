"""A server that is asked over gRPC."""

import math
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import DecodeError

from d3d_tf.hub_export.client import messages
from d3d_tf.hub_export.client.bounded import MOST_BYTES
from d3d_tf.hub_export.client.errors import (
    misunderstood,
    server_error,
)
from d3d_tf.hub_export.client.signature import (
    DOUBLE,
    FLOAT,
    NUMBERS,
    PROBABILITIES,
    STRING,
    Inputs,
    Signature,
    Tensor,
)

_SERVICE = "/tensorflow.serving.PredictionService/"
_OPTIONS = [
    # Also of what was compressed.
    ("grpc.max_receive_message_length", MOST_BYTES),
    ("grpc.max_send_message_length", -1),
    # `Deadline` decides when to try again, and then it must be a new attempt.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
]


class GrpcServer:
    """One model of a server, `grpc://HOST:PORT`."""

    def __init__(self, address: str, model: str, version: int | None):
        """Connects with the first question, not before.

        Args:
          address: `grpc://HOST:PORT`.
          model: name, as in the server's models.config.
          version: None: the newest.
        """
        self._address = address
        self._spec: dict = {"name": model}
        if version is not None:
            self._spec["version"] = {"value": version}
        self._channel = grpc.insecure_channel(
            address.removeprefix("grpc://").removesuffix("/"),
            options=_OPTIONS,
        )

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def signatures(self, seconds: float) -> dict[str, Signature]:
        """The model's signatures by name.

        Raises:
          ServingError: the server, or the way to it, says why not.
        """
        response = self._ask(
            "GetModelMetadata",
            messages.GetModelMetadataRequest(
                model_spec=self._spec, metadata_field=["signature_def"]
            ),
            messages.GetModelMetadataResponse,
            seconds,
        )
        if "signature_def" not in response.metadata:
            raise misunderstood(
                "other metadata than its", address=self._address
            )
        content = response.metadata["signature_def"].value
        found = self._parsed(messages.SignatureDefMap, content).signature_def
        return {
            name: Signature(
                {key: _tensor(info) for key, info in signature.inputs.items()},
                {key: _tensor(info) for key, info in signature.outputs.items()},
            )
            for name, signature in found.items()
        }

    def predict(
        self,
        signature: str,
        inputs: Inputs,
        seconds: float,
        outputs: tuple[str, ...] = (PROBABILITIES,),
    ) -> dict[str, np.ndarray]:
        """The answer to one clip, float64 `[batch = 1, ...]` by output.

        Args:
          signature: its name.
          inputs: by name, without the batch.
          seconds: for the answer.
          outputs: their names.

        Raises:
          ServingError: as above.
        """
        request = messages.PredictRequest(
            model_spec={**self._spec, "signature_name": signature},
            output_filter=outputs,
        )
        for key, value in inputs.items():
            _write(request.inputs[key], value)
        response = self._ask(
            "Predict", request, messages.PredictResponse, seconds
        )
        found = {}
        for output in outputs:
            if output not in response.outputs:
                raise misunderstood(
                    "other outputs than its", address=self._address
                )
            try:
                found[output] = _array(response.outputs[output])
            except ValueError as error:
                raise misunderstood(
                    f"the {output} {error}", address=self._address
                ) from error
        return found

    def _ask(self, method: str, request, answer, seconds: float) -> Any:
        call = self._channel.unary_unary(
            _SERVICE + method,
            request_serializer=type(request).SerializeToString,
        )
        try:
            content = call(request, timeout=seconds)
        except grpc.RpcError as error:
            raise server_error(
                error.code().name,
                error.details() or "",
                address=self._address,
            ) from error
        return self._parsed(answer, content)

    def _parsed(self, message, content: bytes) -> Any:
        try:
            return message.FromString(content)
        except (DecodeError, ValueError) as error:
            raise misunderstood(
                f"a message that is not its: {error}", address=self._address
            ) from error


def _tensor(info) -> Tensor:
    shape = info.tensor_shape
    return Tensor(
        info.dtype,
        None if shape.unknown_rank else tuple(d.size for d in shape.dim),
    )


def _write(tensor, value: list[bytes] | np.ndarray) -> None:
    """Puts a batch of one into a message."""
    if isinstance(value, np.ndarray):
        shape = [1, *value.shape]
        tensor.dtype = NUMBERS[value.dtype.name]
        tensor.tensor_content = value.astype(
            value.dtype.newbyteorder("<")
        ).tobytes()
    else:
        shape = [1, len(value)]
        tensor.dtype = STRING
        tensor.string_val.extend(value)
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)


def _array(tensor) -> np.ndarray:
    """The values, from either of the two fields in which servers put them.

    Raises:
      ValueError: they are of another type, or not of their own shape.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    fields = {FLOAT: ("float_val", "<f4"), DOUBLE: ("double_val", "<f8")}
    if tensor.dtype not in fields:
        raise ValueError(f"have the type {tensor.dtype}, not float")
    field, dtype = fields[tensor.dtype]
    try:
        # A few bytes can claim any length.
        if len(shape) > 5 or math.prod(shape) > MOST_BYTES:
            raise ValueError(shape)
        if tensor.tensor_content:
            values = np.frombuffer(tensor.tensor_content, dtype)
        else:
            # Equal values at the end may be sent once, and zeros not at all.
            sent = np.array(getattr(tensor, field) or [0], dtype)
            values = np.pad(sent, (0, math.prod(shape) - sent.size), "edge")
        if min(shape, default=0) < 0:  # For NumPy, -1 is whatever fits.
            raise ValueError(shape)
        with np.errstate(invalid="ignore"):  # Of NaN, refused where it shows.
            return values.reshape(shape).astype(np.float64)
    except ValueError as error:
        raise ValueError(f"are not of their own shape, {shape}") from error
