"""Servers that answer badly over HTTP, byte by byte; see `faults`."""

import contextlib
import functools
import gzip
import json
import socket

from tests.hub_export.client.faults import (
    ESCAPES,
    PROBABILITIES,
    RIGHT,
    SIGNATURES,
    Fault,
    encoded,
    raw,
    sending,
    without_end,
)

_MB = 2**20


def http(body: bytes = b"", status: str = "200 OK", head: str = ""):
    """Sends one answer."""
    head = head or f"Content-Length: {len(body)}"
    return sending(f"HTTP/1.1 {status}\r\n{head}\r\n\r\n".encode() + body)


def said(content, status: str = "200 OK"):
    """Sends one answer in JSON."""
    return http(json.dumps(content).encode(), status)


def moved(place: str):
    """Sends the client elsewhere."""
    head = f"Location: {place}\r\nContent-Length: 0"
    return http(status="302 Found", head=head)


def metadata(signatures) -> dict:
    """An answer to `/metadata`."""
    return {"metadata": {"signature_def": {"signature_def": signatures}}}


_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_NONE = "is not TensorFlow Serving"
_LATE = "did not answer in time"
_GONE = "No TensorFlow Serving answers"
_BOMB = gzip.compress(bytes(100 * _MB))
# At both questions: what goes wrong before anything is understood.
ANY = {
    "closes at once": (sending(), _GONE),
    "closes within the headers": (sending(_OK + b"Content-Le"), _NONE),
    "closes before a body": (http(head="Content-Length: 9"), "IncompleteRead"),
    "closes within a body": (
        http(b'{"a":', head="Content-Length: 99"),
        "IncompleteRead",
    ),
    "closes within a chunk": (sending(_CHUNKED + b"9\r\n{"), "IncompleteRead"),
    "a chunk of no length": (sending(_CHUNKED + b"zz\r\n{"), "IncompleteRead"),
    "never answers": (without_end(b""), _LATE),
    "a status line that trickles": (
        without_end(b"HTTP/1.1 200 ", b"O", 0.05),
        _LATE,
    ),
    "headers that trickle": (without_end(_OK, b"A: b\r\n", 0.05), _LATE),
    "a body that trickles": (without_end(_OK + b"\r\n", b" ", 0.05), _LATE),
    "chunks that trickle": (without_end(_CHUNKED, b"1\r\n \r\n", 0.05), _LATE),
    "a chunk's length that trickles": (
        without_end(_CHUNKED + b"1;", b"x", 0.05),
        _LATE,
    ),
    "a trickle of 100 Continue": (
        without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
        _LATE,
    ),
    "an error's text that trickles": (
        without_end(b"HTTP/1.1 500 No\r\n\r\n", b" ", 0.05),
        _LATE,
    ),
    "a body without end": (without_end(_OK + b"\r\n", b" " * _MB), "4 MB"),
    "chunks without end": (
        without_end(_CHUNKED, b"100000\r\n" + b" " * _MB + b"\r\n"),
        "4 MB",
    ),
    "headers without end": (without_end(_OK, b"A: b\r\n" * 99), "headers"),
    "a header without end": (without_end(_OK + b"A: ", b"b" * _MB), "65536"),
    "a status line without end": (without_end(b"HTTP", b"1" * _MB), "65536"),
    "100 Continue without end": (
        without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        _LATE,
    ),
    "a length of 10^12, sent": (
        without_end(_OK + b"Content-Length: 1000000000000\r\n\r\n", b" " * _MB),
        "4 MB",
    ),
    "a length of 10^12, not sent": (
        without_end(_OK + b"Content-Length: 1000000000000\r\n\r\n{}"),
        _LATE,
    ),
    "a negative length": (http(b"{", head="Content-Length: -5"), _NONE),
    "10 MB of JSON": (said("x" * 10 * _MB), "4 MB"),
    "an error of 10 MB": (
        said({"error": "x" * 10 * _MB}, "500 Internal"),
        "HTTP 500",
    ),
    "an error of 3 MB": (
        said({"error": "say " * 800_000}, "500 Internal"),
        "say say",
    ),
    "an error page of 10 MB": (
        http(b"<p>" * 3 * _MB, "503 Service Unavailable"),
        "HTTP 503",
    ),
    "an error without end": (
        without_end(b"HTTP/1.1 500 Internal\r\n\r\n", b" " * _MB),
        "HTTP 500",
    ),
    "escapes in an error": (
        said({"error": ESCAPES}, "400 Bad Request"),
        r"\\x1b\[31mred",
    ),
    "escapes in a status line": (
        http(status="418 \x1b[31mred\x07"),
        r"HTTP 418 \\x1b",
    ),
    "half a pair in an error": (
        http(b'{"error": "\\ud800 x"}', "400 Bad Request"),
        r"\\ud800 x",
    ),
    "a status of 999": (http(status="999 So"), "HTTP 999"),
    "a status of letters": (http(status="abc"), "abc"),
    "101 Switching Protocols": (http(status="101 So"), "HTTP 101"),
    "moved to itself": (moved("?"), "HTTP 302"),
    "moved to another server": (moved("http://127.0.0.1:9/x"), "127.0.0.1:9/x"),
    "moved to ftp": (moved("ftp://127.0.0.1:9/x"), "ftp://127.0.0.1:9/x"),
    "moved to a file": (moved("file:///etc/passwd"), "file:///etc/passwd"),
    "moved to no address": (moved("http://[::1"), r"http://\[::1"),
    "moved, with escapes": (moved("/\x1b[2J"), r"/\\x1b\[2J"),
    "an HTML page": (http(b"<html>\x1b[2J</html>"), "not JSON.*<html>"),
    "nothing": (http(), "not JSON"),
    "Latin-1": (http('{"ä": 1}'.encode("latin-1")), "not JSON"),
    "100,000 lists in each other": (http(b"[" * 100_000), "not JSON"),
    "100,000 maps in each other": (http(b'{"a":' * 100_000), "not JSON"),
    "lists in each other, 900 deep": (http(b"[" * 900 + b"]" * 900), _NONE),
    "a number of a million digits": (http(b"9" * 10**6), _NONE),
    "a number": (said(5), _NONE),
    "null": (said(None), _NONE),
    "a list": (said([[]]), _NONE),
    "no key": (said({}), _NONE),
    "gzip that nobody asked for": (
        http(_BOMB, head=f"Content-Encoding: gzip\r\nA: {len(_BOMB)}"),
        "not JSON",
    ),
    "a gRPC server": (sending(b"\0\0\x18\x04" + bytes(23)), "gRPC is on port"),
    "a TLS server": (sending(b"\x15\x03\x03\0\x02\x02\x46"), _GONE),
}
_OTHER = "other metadata than its"
_SHAPED = "tensor_shape"
METADATA = {
    **{
        f"{given!r} for metadata": (said({"metadata": given}), _OTHER)
        for given in (1, None, "x", [], {}, {"signature_def": []})
    },
    **{
        f"{given!r} for signatures": (said(metadata(given)), _OTHER)
        for given in (1, None, "x", [{}], {"frames_encoded": 1})
    },
    **{
        f"{key} is {given!r}": (said(metadata(encoded(**{key: given}))), _OTHER)
        for key in ("inputs", "frames")
        for given in (True, None, 1.5, [1], "many")
    },
    "clips of infinitely many frames": (
        http(json.dumps(metadata(encoded(frames=float("inf")))).encode()),
        _OTHER,
    ),
    "a type that is a list": (
        said(metadata(encoded(inputs={"frames": {"dtype": [7]}}))),
        _OTHER,
    ),
    "a shape that is a list": (
        said(metadata(encoded(inputs={"frames": {_SHAPED: [2, 2]}}))),
        _OTHER,
    ),
    **{
        name: (said(metadata(given)), words)
        for name, (given, words) in SIGNATURES.items()
    },
}
_OTHER = "other outputs than its"
PREDICT = {
    **{
        f"{str(given)[:30]} for probabilities": (
            said({"outputs": given}),
            _OTHER,
        )
        for given in (
            *(None, 1, "x", {}, {"logits": [[0.2, 0.3, 0.5]]}, [1, 2], [None]),
            *([["0.2", "0.3", "0.5"]], [[True, False, False]], [[None, 1, 0]]),
            *([[10**400, 0, 0]], [[{}, 1, 0]]),
        )
    },
    "rows of several lengths": (said({"outputs": [[1], [1, 0]]}), _OTHER),
    "1e400": (http(b'{"outputs": [[1e400, 0, 0]]}'), "finite"),
    "1e308, whose sum is infinite": (
        said({"outputs": [[1e308] * 3]}),
        "sum to 1; got 1e[+]308 to 1e[+]308, of sum inf",
    ),
    "a row of rows": (
        said({"outputs": [[[0.2, 0.3, 0.5]]]}),
        r"of shape \[1, classes\]",
    ),
    "no row": (said({"outputs": []}), r"of shape \[1, classes\]"),
    **{
        name: (said({"outputs": given}), words)
        for name, (given, words) in PROBABILITIES.items()
    },
}


@contextlib.contextmanager
def _serve(behave, at: str):
    right = {
        "metadata": said(metadata(encoded())),
        "predict": said({"outputs": RIGHT}),
    }

    def answer(connection: socket.socket) -> None:
        asked = connection.makefile("rb")
        line, length = asked.readline(), 0
        while (header := asked.readline()).strip():
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        asked.read(length)
        question = "metadata" if b"/metadata" in line else "predict"
        (behave if question == at else right[question])(connection)

    with raw(answer) as port:
        yield f"http://127.0.0.1:{port}"


FAULTS = [
    Fault(name, "rest", at, functools.partial(_serve, behave, at), words)
    for at, own in (("metadata", METADATA), ("predict", PREDICT))
    for name, (behave, words) in (ANY | own).items()
]
