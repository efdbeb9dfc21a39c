"""A server that is asked over REST; needs neither gRPC nor protobuf."""

import base64
import contextlib
import http.client
import json
import urllib.parse
from typing import Any

import numpy as np

from d3d_tf.hub_export.client.bounded import number, parsed
from d3d_tf.hub_export.client.errors import (
    ServingError,
    misunderstood,
    server_error,
)
from d3d_tf.hub_export.client.http_question import HttpAnswer, ask
from d3d_tf.hub_export.client.signature import (
    PROBABILITIES,
    TYPE_NAMES,
    Inputs,
    Signature,
    Tensor,
)

# TensorFlow Serving's own map of statuses to HTTP (http_rest_api_util.cc), read
# backwards, and what proxies answer.
_CODES = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "RESOURCE_EXHAUSTED",
    429: "UNAVAILABLE",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# Of an output, without the batch: a feature map's.
_AXES = 4


class RestServer:
    """One model of a server, `http://HOST:PORT` or `https://`."""

    def __init__(self, address: str, model: str, version: int | None):
        """Connects with each question.

        Args:
          address: `http://HOST:PORT`, or a proxy's address with its path.
          model: name, as in the server's models.config.
          version: None: the newest.
        """
        self._address = address
        name = urllib.parse.quote(model, safe="")
        self._url = f"{address.rstrip('/')}/v1/models/{name}"
        if version is not None:
            self._url += f"/versions/{version}"

    def close(self) -> None:
        """Nothing is kept open."""

    def signatures(self, seconds: float) -> dict[str, Signature]:
        """The model's signatures by name.

        Raises:
          ServingError: the server, or the way to it, says why not.
        """
        answer = self._ask("/metadata", None, seconds)
        try:
            found = answer["metadata"]["signature_def"]["signature_def"]
            return {
                name: Signature(
                    _tensors(signature.get("inputs", {})),
                    _tensors(signature.get("outputs", {})),
                )
                for name, signature in found.items()
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise misunderstood(
                "other metadata than its", address=self._address
            ) from error

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
          seconds: for everything.
          outputs: their names.

        Raises:
          ServingError: as above.
        """
        request = {
            "signature_name": signature,
            "inputs": {key: [_json(value)] for key, value in inputs.items()},
        }
        answer = self._ask(":predict", request, seconds)
        try:
            found = answer["outputs"]
            # A single output comes without its name.
            if not isinstance(found, dict):
                (output,) = outputs
                found = {output: found}
            return {
                output: np.array(
                    [_numbers(row, _AXES) for row in found[output]]
                )
                for output in outputs
            }
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise misunderstood(
                "other outputs than its", address=self._address
            ) from error

    def _ask(self, path: str, request: dict | None, seconds: float) -> Any:
        content = None if request is None else json.dumps(request).encode()
        try:
            answer = ask(self._url + path, content, seconds)
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = getattr(error, "reason", error)
            late = isinstance(cause, TimeoutError)
            code = "DEADLINE_EXCEEDED" if late else "UNAVAILABLE"
            raise server_error(
                code, str(cause) or repr(cause), address=self._address
            ) from error
        if answer.status != http.client.OK:
            raise self._refusal(answer)
        try:
            return parsed(answer.body)
        except ValueError as error:
            begin = answer.body[:40].decode(errors="replace")
            raise misunderstood(
                f"not JSON but {begin!r}: {error}", address=self._address
            ) from error

    def _refusal(self, answer: HttpAnswer) -> ServingError:
        code = _CODES.get(answer.status, "INTERNAL")
        details = f"HTTP {answer.status} {answer.reason}"
        said = None
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = parsed(answer.body)["error"]
        if isinstance(said, str):
            details = said
        elif answer.location:
            code = "UNIMPLEMENTED"
            details += f", which sends us to {answer.location}"
        elif (
            answer.status == 404
        ):  # TensorFlow Serving would say what it lacks.
            code = "UNIMPLEMENTED"
        return server_error(code, details, address=self._address)


def _json(value: list[bytes] | np.ndarray) -> list:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode()} for item in value]


def _numbers(values: list, most: int) -> list:
    """The same lists, if they hold nothing but numbers and few lists."""
    return [
        _numbers(value, most - 1)
        if most > 1 and isinstance(value, list)
        # Which refuses lists, too.
        else number(value)
        for value in values
    ]


def _length(size: Any) -> int:
    """Of an axis: protobuf writes an int64 as a string."""
    if type(size) not in (int, str):
        raise TypeError(size)
    return int(size)


def _tensors(found: dict) -> dict[str, Tensor]:
    tensors = {}
    for key, info in found.items():
        shape = info.get("tensor_shape", {})
        tensors[key] = Tensor(
            TYPE_NAMES.get(info.get("dtype"), 0),
            None
            if shape.get("unknown_rank")
            else tuple(_length(dim["size"]) for dim in shape.get("dim", [])),
        )
    return tensors
