"""What can go wrong between a client and a server, in words for people."""

import re

# Trying again can help; the request itself was right.
TRANSIENT = frozenset({"UNAVAILABLE", "ABORTED"})
# Characters of what others said, and of an error that quotes it.
MOST_QUOTED, MOST_TEXT = 300, 900
# Controls, what turns the direction of writing, and halves of pairs.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff]"
)


def printable(text: str, most: int = MOST_QUOTED) -> str:
    r"""One line that a terminal shows and does not obey.

    Args:
      text: any; a byte of a file's name that is not UTF-8 becomes `\xf1`,
        other characters that are not printed `\x1b` or `\u2028`.
      most: characters; what follows them is left out, "..." says so.
    """

    def spell(match: re.Match) -> str:
        code = ord(match[0])
        if 0xDC80 <= code <= 0xDCFF:
            code -= 0xDC00
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"

    line = _UNPRINTABLE.sub(spell, text[: most + 1])
    return line if len(line) <= most else f"{line[:most]}..."


class ClientError(Exception):
    """One line that says what was given, what is wrong and what to do.

    Whatever it quotes, the line is printable and has some 900 characters at
    most.
    """

    def __init__(self, text: str):
        super().__init__(printable(text, MOST_TEXT))


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
    said = printable(" ".join(details[:MOST_TEXT].split())) or "no details"
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
        "RESOURCE_EXHAUSTED": f"{address} takes no message of this size, has "
        f"no room left, or answered with over 4 MB ({said}). "
        "tensorflow_model_server has no limit; proxies and Python servers "
        "often take 4 MB: raise theirs, or send less (--jpeg_quality, "
        "--frames). No answer of a module has 4 MB.",
        "UNIMPLEMENTED": f"What answers at {address} is not TensorFlow Serving "
        f"({said}). gRPC is on port 8500, REST on 8501, unless its flags say "
        "otherwise.",
    }
    return ServingError(
        texts.get(code, f"{address} answered {code}: {said}."), code
    )


def misunderstood(details: str, *, address: str) -> ServingError:
    """The error for an answer that TensorFlow Serving would not give.

    Args:
      details: what is wrong with it.
      address: as the user gave it.
    """
    return server_error("UNIMPLEMENTED", details, address=address)
