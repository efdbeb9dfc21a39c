"""What can go wrong between a client and a server, in words for people."""

# Trying again can help; the request itself was right.
TRANSIENT = frozenset({"UNAVAILABLE", "ABORTED"})


class ClientError(Exception):
    """One line that says what was given, what is wrong and what to do."""


class UsageError(ClientError):
    """A flag's value that can never be right."""


class ServingError(ClientError):
    """The server, or the way to it, did not give what was asked for.

    Attributes:
      code: gRPC's name of what happened, such as `NOT_FOUND`; `UNKNOWN` where
        gRPC has none.
    """

    def __init__(self, text: str, code: str = "UNKNOWN"):
        super().__init__(text)
        self.code = code


def server_error(code: str, details: str, *, address: str) -> ServingError:
    """The error for a status that a server, or the way to it, answered.

    Args:
      code: gRPC's name of the status.
      details: the server's own words.
      address: as the user gave it.
    """
    said = " ".join(details.split()) or "no details"
    texts = {
        "UNAVAILABLE": f"No TensorFlow Serving answers at {address} ({said}). "
        "Is it running, and has it loaded the model? gRPC is on port 8500, "
        "REST on 8501, unless its flags say otherwise.",
        "DEADLINE_EXCEEDED": f"{address} did not answer in time ({said}). The "
        "first request of a model without warm-up is slow; --deadline gives "
        "it more seconds.",
        "NOT_FOUND": f"{address} does not serve that: {said}. --model and "
        "--version must be those of its models.config.",
        "FAILED_PRECONDITION": f"{address} refused the signature: {said}.",
        "INVALID_ARGUMENT": f"{address} refused the request: {said}.",
        "RESOURCE_EXHAUSTED": f"{address} takes no message of this size, or "
        f"has no room left ({said}). tensorflow_model_server has no limit; "
        "proxies and Python servers often take 4 MB: raise theirs, or send "
        "less (--jpeg_quality, --frames).",
        "UNIMPLEMENTED": f"What answers at {address} is no TensorFlow Serving "
        f"({said}).",
    }
    return ServingError(
        texts.get(code, f"{address} answered {code}: {said}."), code
    )
