"""A server that is asked over REST; needs neither gRPC nor protobuf."""

import base64
import contextlib
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

from d3d_tf.hub_export.client.errors import ServingError, server_error
from d3d_tf.hub_export.client.signature import (
    PROBABILITIES,
    TYPE_NAMES,
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
            raise self._no_serving("other metadata than its") from error

    def probabilities(
        self, signature: str, key: str, frames: list[bytes], seconds: float
    ) -> np.ndarray:
        """The probabilities of one clip, float64 `[batch = 1, classes]`.

        Args:
          signature: its name.
          key: of the input.
          frames: encoded, one per time step.
          seconds: for the connection and each part of the answer.

        Raises:
          ServingError: as above.
        """
        clip = [{"b64": base64.b64encode(frame).decode()} for frame in frames]
        request = {"signature_name": signature, "inputs": {key: [clip]}}
        answer = self._ask(":predict", request, seconds)
        try:
            outputs = answer["outputs"]
            # A single output comes without its name.
            if isinstance(outputs, dict):
                outputs = outputs[PROBABILITIES]
            return np.array(outputs, np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise self._no_serving("other outputs than its") from error

    def _ask(self, path: str, request: dict | None, seconds: float):
        try:
            return json.loads(self._send(path, request, seconds))
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from error
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            late = isinstance(cause, TimeoutError)
            code = "DEADLINE_EXCEEDED" if late else "UNAVAILABLE"
            raise server_error(
                code, str(cause) or repr(cause), address=self._address
            ) from error
        except ValueError as error:
            raise self._no_serving(f"not JSON: {error}") from error

    def _send(self, path: str, request: dict | None, seconds: float) -> bytes:
        question = urllib.request.Request(
            self._url + path,
            None if request is None else json.dumps(request).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(question, timeout=seconds) as answer:
            return answer.read()

    def _no_serving(self, details: str) -> ServingError:
        return server_error("UNIMPLEMENTED", details, address=self._address)

    def _refusal(self, error: urllib.error.HTTPError) -> ServingError:
        code = _CODES.get(error.code, "INTERNAL")
        details = f"HTTP {error.code} {error.reason}"
        said = None
        with contextlib.suppress(
            *(OSError, http.client.HTTPException, ValueError),
            *(KeyError, TypeError),
        ):
            said = json.loads(error.read())["error"]
        if isinstance(said, str):
            details = said
        elif error.code == 404:  # TensorFlow Serving would say what it lacks.
            code = "UNIMPLEMENTED"
        return server_error(code, details, address=self._address)


def _tensors(found: dict) -> dict[str, Tensor]:
    tensors = {}
    for key, info in found.items():
        shape = info.get("tensor_shape", {})
        tensors[key] = Tensor(
            TYPE_NAMES.get(info.get("dtype"), 0),
            None
            if shape.get("unknown_rank")
            else tuple(int(dim["size"]) for dim in shape.get("dim", [])),
        )
    return tensors
