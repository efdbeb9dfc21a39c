"""A server that is asked over gRPC."""

import grpc
import numpy as np

from d3d_tf.hub_export.client import messages
from d3d_tf.hub_export.client.errors import ServingError, server_error
from d3d_tf.hub_export.client.signature import (
    DOUBLE,
    FLOAT,
    PROBABILITIES,
    STRING,
    Signature,
    Tensor,
)

_SERVICE = "/tensorflow.serving.PredictionService/"
_OPTIONS = [
    # The client's own default is 4 MB for what it receives.
    ("grpc.max_receive_message_length", -1),
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
        content = response.metadata["signature_def"].value
        found = messages.SignatureDefMap.FromString(content).signature_def
        return {
            name: Signature(
                {key: _tensor(info) for key, info in signature.inputs.items()},
                {key: _tensor(info) for key, info in signature.outputs.items()},
            )
            for name, signature in found.items()
        }

    def probabilities(
        self, signature: str, key: str, frames: list[bytes], seconds: float
    ) -> np.ndarray:
        """The probabilities of one clip, float64 `[batch = 1, classes]`.

        Args:
          signature: its name.
          key: of the input.
          frames: encoded, one per time step.
          seconds: for the answer.

        Raises:
          ServingError: as above.
        """
        request = messages.PredictRequest(
            model_spec={**self._spec, "signature_name": signature},
            output_filter=[PROBABILITIES],
        )
        tensor = request.inputs[key]
        tensor.dtype = STRING
        tensor.tensor_shape.dim.add(size=1)
        tensor.tensor_shape.dim.add(size=len(frames))
        tensor.string_val.extend(frames)
        response = self._ask(
            "Predict", request, messages.PredictResponse, seconds
        )
        return _array(response.outputs[PROBABILITIES])

    def _ask(self, method: str, request, answer, seconds: float):
        call = self._channel.unary_unary(
            _SERVICE + method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        try:
            return call(request, timeout=seconds)
        except grpc.RpcError as error:
            raise server_error(
                error.code().name,
                error.details() or "",
                address=self._address,
            ) from error


def _tensor(info) -> Tensor:
    shape = info.tensor_shape
    return Tensor(
        info.dtype,
        None if shape.unknown_rank else tuple(d.size for d in shape.dim),
    )


def _array(tensor) -> np.ndarray:
    """The values, from either of the two fields in which servers put them."""
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    fields = {FLOAT: ("float_val", "<f4"), DOUBLE: ("double_val", "<f8")}
    if tensor.dtype not in fields:
        raise ServingError(
            f"The {PROBABILITIES} have the type {tensor.dtype}, not float."
        )
    field, dtype = fields[tensor.dtype]
    try:
        sent: np.ndarray = (
            np.frombuffer(tensor.tensor_content, dtype)
            if tensor.tensor_content
            else np.array(getattr(tensor, field) or [0], dtype)
        )
        # Equal values at the end may be sent once, and zeros not at all.
        values = np.pad(sent, (0, int(np.prod(shape)) - sent.size), "edge")
        return values.reshape(shape).astype(np.float64)
    except ValueError as error:
        raise ServingError(
            f"The {PROBABILITIES} are not of their own shape, {shape}."
        ) from error
