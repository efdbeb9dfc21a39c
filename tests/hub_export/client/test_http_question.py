"""One question over HTTP; what bad servers do to it is in test_bad_servers."""

import threading
import time

import pytest

from d3d_tf.hub_export.client.bounded import MOST_BYTES
from d3d_tf.hub_export.client.http_question import HttpAnswer, ask
from tests.hub_export.client.bad_rest import http, moved
from tests.hub_export.client.faults import raw, without_end


def asked(behave):
    """Closing a connection with something unread would reset it."""
    return lambda connection: [connection.recv(65536), behave(connection)]


def url(port):
    return f"http://127.0.0.1:{port}/"


@pytest.mark.parametrize(
    "behave, answer",
    [
        (http(b"yes"), HttpAnswer(200, "OK", "", b"yes")),
        (http(b"no", "404 Not Found"), HttpAnswer(404, "Not Found", "", b"no")),
        (moved("ftp://a/b"), HttpAnswer(302, "Found", "ftp://a/b", b"")),
        (
            http(bytes(MOST_BYTES + 9)),
            HttpAnswer(200, "OK", "", bytes(MOST_BYTES + 1)),
        ),
    ],
)
def test_answers(behave, answer):
    with raw(asked(behave)) as port:
        assert ask(url(port), None, 10) == answer


def test_nobody_is_left_waiting():
    """The thread that asked ends, as the line is cut."""
    before = threading.active_count()
    end = without_end(b"HTTP/1.1 200 OK\r\nA: ", b"b", 0.05)
    with raw(end) as port:
        with pytest.raises(TimeoutError):
            ask(url(port), None, 0.2)
        for _ in range(100):
            # Those of the server: one that accepts, one that answers.
            if threading.active_count() <= before + 2:
                break
            time.sleep(0.01)
        assert threading.active_count() <= before + 2


def test_proxies_of_the_environment(monkeypatch):
    with raw(asked(http(b"from a proxy"))) as port:
        monkeypatch.setenv("http_proxy", url(port))
        monkeypatch.setenv("no_proxy", "")
        assert ask("http://nowhere.invalid/", None, 10).body == b"from a proxy"
