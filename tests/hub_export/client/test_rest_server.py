"""REST: what the double does not do."""

import contextlib
import http.server
import json
import threading

import numpy as np
import pytest

from d3d_tf.hub_export.client.errors import ServingError
from d3d_tf.hub_export.client.rest_server import RestServer
from d3d_tf.hub_export.client.signature import FLOAT, STRING, UINT8, Tensor


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.asked.append((self.path, self.rfile.read(length)))
        code, body = self.server.answer
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) + self.server.missing))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def answering(code, body):
    """A server that gives one answer to everything."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer, server.asked, server.missing = (code, body), [], 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "outputs", [[[0.25, 0.75]], {"probabilities": [[0.25, 0.75]], "x": [1]}]
)
def test_a_single_output_comes_without_its_name(outputs):
    body = json.dumps({"outputs": outputs}).encode()
    with answering(200, body) as (server, address):
        backend = RestServer(address + "/behind/a/proxy/", "m n", 3)
        found = backend.predict("s", {"clip": [b"\xff\xd8", b""]}, 10)
    np.testing.assert_array_equal(found["probabilities"], [[0.25, 0.75]])
    ((path, sent),) = server.asked
    assert path == "/behind/a/proxy/v1/models/m%20n/versions/3:predict"
    # FF D8 in base 64.
    assert json.loads(sent) == {
        "signature_name": "s",
        "inputs": {"clip": [[{"b64": "/9g="}, {"b64": ""}]]},
    }


@pytest.mark.parametrize(
    "status, body, code, words",
    [
        (400, b'{"error": "odd"}', "INVALID_ARGUMENT", "odd"),
        (404, b'{"error": "not here"}', "NOT_FOUND", "not here"),
        (404, b"<html>", "UNIMPLEMENTED", "HTTP 404"),
        # Other programs' errors.
        (404, b'{"error": {"code": 404}}', "UNIMPLEMENTED", "HTTP 404"),
        (500, b'{"error": 5}', "INTERNAL", "HTTP 500"),
        (500, b'["error"]', "INTERNAL", "HTTP 500"),
        (413, b"", "RESOURCE_EXHAUSTED", "--jpeg_quality"),
        (429, b"", "UNAVAILABLE", "HTTP 429"),
        (502, b"<html>", "UNAVAILABLE", "HTTP 502"),
        (503, b'{"error": "queue is full"}', "UNAVAILABLE", "queue is full"),
        (504, b"", "DEADLINE_EXCEEDED", "HTTP 504"),
        (418, b"", "INTERNAL", "HTTP 418"),
        (200, b"<html>", "UNIMPLEMENTED", "not JSON"),
        (200, b"[]", "UNIMPLEMENTED", "not TensorFlow Serving"),
        (200, b'{"metadata": 1, "outputs": "x"}', "UNIMPLEMENTED", "other"),
    ],
)
def test_answers_that_are_none(status, body, code, words):
    with answering(status, body) as (_, address):
        backend = RestServer(address, "m", None)
        for ask in (
            backend.signatures,
            lambda seconds: backend.predict("s", {"k": [b""]}, seconds),
        ):
            with pytest.raises(ServingError, match=words) as error:
                ask(10)
            assert error.value.code == code


@pytest.mark.parametrize(
    "status, code, words",
    [(200, "UNAVAILABLE", "IncompleteRead"), (500, "INTERNAL", "HTTP 500")],
)
def test_an_answer_that_breaks_off(status, code, words):
    with answering(status, b'{"err') as (server, address):
        server.missing = 9
        with pytest.raises(ServingError, match=words) as error:
            RestServer(address, "m", None).signatures(10)
        assert error.value.code == code


def test_signatures(double):
    found = RestServer(double.rest, "d3d", None).signatures(10)
    rank5 = (-1, -1, 16, 16, 3)
    assert found["frames_encoded"].inputs == {
        "frames": Tensor(STRING, (-1, -1))
    }
    assert found["frames_uint8"].inputs == {"frames": Tensor(UINT8, rank5)}
    outputs = found["serving_default"].outputs
    assert outputs["probabilities"] == Tensor(FLOAT, (-1, 3))
