"""One question over HTTP: one deadline for all of it, a bound on its answer."""

import contextlib
import http.client
import queue
import socket
import threading
import urllib.request
from typing import NamedTuple

from d3d_tf.hub_export.client.bounded import MOST_BYTES


class HttpAnswer(NamedTuple):
    """What a server answered.

    Attributes:
      status: such as 200.
      reason: the server's word for it.
      location: where else it sends us; empty: nowhere.
      body: one byte longer than `MOST_BYTES` if there is more; empty where an
        error's text broke off.
    """

    status: int
    reason: str
    location: str
    body: bytes


def ask(url: str, content: bytes | None, seconds: float) -> HttpAnswer:
    """Asks once; follows nowhere, and unpacks nothing.

    The timeouts of sockets are for each of their calls, and an answer that
    trickles in keeps them. So a thread asks, and is hung up on.

    Args:
      url: `http://` or `https://`.
      content: JSON to POST; None: GET.
      seconds: for everything, the connection included.

    Raises:
      TimeoutError: there was no whole answer in time.
      OSError, http.client.HTTPException: there is none.
      ValueError: nobody can be at such an address.
    """
    line = _Line()
    answers: queue.SimpleQueue[HttpAnswer | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(_answer(line, url, content, seconds))
        except Exception as error:  # Raised below, where somebody waits.
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("timed out") from None
    finally:
        line.hang_up()
    if isinstance(answer, Exception):
        raise answer
    return answer


class _Line(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Connects as urllib does, and knows the socket."""

    def __init__(self):
        super().__init__()
        self._socket: socket.socket | None = None

    def do_open(self, http_class, req, **context):
        """Called by urllib for either scheme."""
        line = self

        class Connection(http_class):  # type: ignore[valid-type, misc]
            def connect(self):
                super().connect()
                line._socket = self.sock

        return super().do_open(Connection, req, **context)

    def hang_up(self) -> None:
        """Ends what waits for the server."""
        with contextlib.suppress(OSError):
            if self._socket:
                self._socket.shutdown(socket.SHUT_RDWR)


def _answer(
    line: _Line, url: str, content: bytes | None, seconds: float
) -> HttpAnswer:
    # Of urllib's handlers neither those that follow redirections nor those of
    # ftp:// and file://.
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(line)
    question = urllib.request.Request(
        url, content, {"Content-Type": "application/json"}
    )
    with opener.open(question, timeout=seconds) as answer:
        try:
            body = _body(answer)
        except (OSError, http.client.HTTPException):
            if answer.status == http.client.OK:
                raise
            body = b""
        location = answer.headers.get("Location", "")
        return HttpAnswer(answer.status, answer.reason, location, body)


def _body(answer: http.client.HTTPResponse) -> bytes:
    body = answer.read(MOST_BYTES + 1)
    if answer.length and len(body) <= MOST_BYTES:
        raise http.client.IncompleteRead(body, answer.length)
    return body
