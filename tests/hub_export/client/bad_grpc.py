"""Servers that answer badly over gRPC; see `faults`."""

import contextlib
import functools
import socket
from concurrent import futures

import grpc
import numpy as np
from google.protobuf import json_format
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

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
_UNLIMITED = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 2**30),
    ("grpc.absolute_max_metadata_size", 2**30),
]


def metadata(signatures: dict) -> bytes:
    """An answer to GetModelMetadata."""
    answer = get_model_metadata_pb2.GetModelMetadataResponse()
    found = json_format.ParseDict(
        {"signature_def": signatures}, get_model_metadata_pb2.SignatureDefMap()
    )
    answer.metadata["signature_def"].Pack(found)
    return answer.SerializeToString()


def packed(content: bytes, key: str = "signature_def") -> bytes:
    """An answer to GetModelMetadata that holds these bytes."""
    answer = get_model_metadata_pb2.GetModelMetadataResponse()
    answer.metadata[key].value = content
    return answer.SerializeToString()


def predicted(shape, values=(), key="probabilities", dtype=1, **more) -> bytes:
    """An answer to Predict."""
    tensor = tensor_pb2.TensorProto(dtype=dtype, float_val=values, **more)
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    answer = predict_pb2.PredictResponse(outputs={key: tensor})
    return answer.SerializeToString()


def nested(depth: int) -> bytes:
    """Groups of an unknown field, one in the other."""
    return b"\x7b" * depth + b"\x7c" * depth


def status(code: str, details: str):
    """Refuses with it."""
    return lambda context: context.abort(grpc.StatusCode[code], details)


def trailing(context) -> bytes:
    """Sends 1 MB behind its answer."""
    context.set_trailing_metadata([(f"k{i}", "v" * 1000) for i in range(1000)])
    return b""


def leading(context) -> bytes:
    """Sends 1 MB before its answer."""
    context.send_initial_metadata([(f"k{i}", "v" * 1000) for i in range(1000)])
    return b""


def squeezed(content: bytes):
    """Answers with gzip, whatever the client takes."""

    def behave(context) -> bytes:
        context.set_compression(grpc.Compression.Gzip)
        return content

    return behave


def _frame(kind: int, flags: int, stream: int, content: bytes = b"") -> bytes:
    """HTTP/2 (RFC 9113, section 4.1)."""
    return (
        len(content).to_bytes(3, "big")
        + bytes([kind, flags])
        + stream.to_bytes(4, "big")
        + content
    )


def _headers(*, end: bool = False, **fields: bytes) -> bytes:
    """Status 200 and these, not compressed (RFC 7541, section 6.2.2)."""
    fields = {"content-type": b"application/grpc"} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    content = b"\x88" + b"".join(
        bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value
        for name, value in fields.items()
    )
    return _frame(1, 5 if end else 4, 1, content)


def frames(behave):
    """Speaks HTTP/2 until it is asked, then does as it likes."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(_frame(4, 0, 0) + _frame(4, 1, 0))
        asked = connection.makefile("rb")
        asked.read(24)
        kind = None
        while kind != 1:
            head = asked.read(9)
            kind = head[3] if head else 1
            asked.read(int.from_bytes(head[:3], "big"))
        behave(connection)

    return answer


def _message(length: int) -> bytes:
    return b"\0" + length.to_bytes(4, "big")


_NONE = "is not TensorFlow Serving"
_LATE = "did not answer in time"
_GONE = "No TensorFlow Serving answers"
# Of the connection; they begin before any question is understood.
CONNECTIONS = {
    "closes at once": (sending(), _GONE),
    "never answers": (without_end(b""), f"timed out|{_LATE}"),
    "random bytes": (sending(np.random.default_rng(0).bytes(10_000)), _GONE),
    "zeros without end": (without_end(b"", bytes(_MB)), _GONE),
    "a REST server": (
        sending(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        "REST on 8501",
    ),
    "a TLS server": (sending(b"\x15\x03\x03\0\x02\x02\x46"), _GONE),
    "a status of 99": (
        frames(sending(_headers(end=True, grpc_status=b"99"))),
        "answered UNKNOWN",
    ),
    "details that are not UTF-8": (
        frames(
            sending(
                _headers(end=True, grpc_status=b"13", grpc_message=b"%ff%1b[2J")
            )
        ),
        r"\\x1b\[2J",
    ),
    "goes away": (
        frames(sending(_frame(7, 0, 0, bytes(7) + b"\2\x1b[2J gone"))),
        _GONE,
    ),
    "an HTML page": (
        frames(sending(_headers(end=True, content_type=b"text/html"))),
        "answered UNKNOWN",
    ),
    "a message that trickles": (
        frames(
            without_end(
                _headers() + _frame(0, 0, 1, _message(_MB)),
                _frame(0, 0, 1, b"\0"),
                0.05,
            )
        ),
        _LATE,
    ),
    "a message of 4 GB": (
        frames(
            without_end(
                _headers() + _frame(0, 0, 1, _message(2**32 - 1)),
                _frame(0, 0, 1, bytes(16384)),
            )
        ),
        "4 MB",
    ),
    "closes within a message": (
        frames(sending(_headers(), _frame(0, 0, 1, _message(99) + b"x"))),
        _GONE,
    ),
}
# At both questions.
ANY = {
    "details of 10 MB": (status("INTERNAL", "x" * 10 * _MB), "4 MB"),
    "details of 7 KB": (status("INTERNAL", "say " * 1750), "INTERNAL: say"),
    "escapes in details": (status("INTERNAL", ESCAPES), r"\\x1b\[31mred"),
    "1 MB behind its answer": (trailing, "4 MB"),
    "1 MB before its answer": (leading, "4 MB"),
    "a message of 8 MB": (bytes(8 * _MB), "4 MB"),
    "a gzip of 16 MB": (squeezed(bytes(16 * _MB)), "4 MB"),
    "no protobuf": (b"<html></html>", _NONE),
    "a cut protobuf": (b"\x12\x7fabc", _NONE),
    "groups in each other, 100,000": (nested(100_000), _NONE),
}
_OTHER = "other metadata than its"
METADATA = {
    "no signatures": (b"", _OTHER),
    "other metadata": (packed(b"", "other"), _OTHER),
    "signatures that are none": (packed(b"\x0a\x7f<html>"), _NONE),
    "names that are not UTF-8": (packed(b"\x0a\x03\x0a\x01\xff"), _NONE),
    **{
        name: (metadata(given), words)
        for name, (given, words) in SIGNATURES.items()
    },
}
_TYPE = "have the type"
_SHAPE = "not of their own shape"
PREDICT = {
    "no outputs": (b"", "other outputs than its"),
    "other outputs": (predicted([1, 3], RIGHT[0], "logits"), "other outputs"),
    "integers": (predicted([1, 3], RIGHT[0], dtype=3), _TYPE),
    "no type": (predicted([1, 3], RIGHT[0], dtype=0), _TYPE),
    "a type without a name": (predicted([1, 3], RIGHT[0], dtype=99), _TYPE),
    "bytes for floats": (
        predicted([1, 3], string_val=[b"0.2", b"0.3", b"0.5"]),
        "sum to 1",
    ),
    "2^40 equal values": (predicted([1, 2**40], [0.0]), _SHAPE),
    "2^40 rows of none": (predicted([2**40, 0]), _SHAPE),
    "2^62 x 4": (predicted([2**62, 4], [0.0]), _SHAPE),
    "2^40 in 50 dimensions": (predicted([2**40] * 50, [0.0]), _SHAPE),
    "a negative length": (predicted([1, -3], RIGHT[0]), _SHAPE),
    "two negative lengths": (predicted([-1, -3], RIGHT[0]), _SHAPE),
    "a free length": (predicted([1, -1], RIGHT[0]), _SHAPE),
    "no shape": (predicted([], RIGHT[0][:1]), r"of shape \[1, classes\]"),
    "100,000 dimensions": (predicted([1] * 100_000, [0.5]), _SHAPE),
    "more values than its shape": (predicted([1, 3], [0.2] * 5), _SHAPE),
    "content for fewer": (
        predicted([1, 3], tensor_content=np.float32([0.5, 0.25]).tobytes()),
        _SHAPE,
    ),
    "content for more": (
        predicted([1, 3], tensor_content=np.float32([0.25] * 4).tobytes()),
        _SHAPE,
    ),
    # The highest bit of its fraction is not set: processors complain of it.
    "signalling NaN": (
        predicted([1, 3], tensor_content=b"\1\0\x80\x7f" * 3),
        "finite",
    ),
    "content of 5 bytes": (predicted([1, 3], tensor_content=b"12345"), _SHAPE),
    **{
        name: (predicted(np.shape(given), np.ravel(given)), words)
        for name, (given, words) in PROBABILITIES.items()
    },
}


@contextlib.contextmanager
def _serve(behave, at: str):
    right = {
        "metadata": metadata(encoded()),
        "predict": predicted([1, 3], *RIGHT),
    }

    def answer(question: str, _, context) -> bytes:
        given = behave if question == at else right[question]
        return given if isinstance(given, bytes) else given(context)

    handler = grpc.method_handlers_generic_handler(
        "tensorflow.serving.PredictionService",
        {
            name: grpc.unary_unary_rpc_method_handler(
                functools.partial(answer, question)
            )
            for name, question in (
                ("GetModelMetadata", "metadata"),
                ("Predict", "predict"),
            )
        },
    )
    server = grpc.server(futures.ThreadPoolExecutor(1), options=_UNLIMITED)
    server.add_generic_rpc_handlers([handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@contextlib.contextmanager
def _connect(behave):
    with raw(behave) as port:
        yield f"grpc://127.0.0.1:{port}"


FAULTS = [
    Fault(name, "grpc", "metadata", functools.partial(_connect, behave), words)
    for name, (behave, words) in CONNECTIONS.items()
] + [
    Fault(name, "grpc", at, functools.partial(_serve, behave, at), words)
    for at, own in (("metadata", METADATA), ("predict", PREDICT))
    for name, (behave, words) in (ANY | own).items()
]
