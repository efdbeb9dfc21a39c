"""What a bad server does to a client: faults by name, for both languages.

`fault.serve()` runs a real server on loopback that has it. What it answers
otherwise is right: a model of three classes that takes encoded frames.
"""

import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

RIGHT = [[0.2, 0.3, 0.5]]
ESCAPES = "\x1b]0;title\x07\x1b[2J\x1b[31mred\u202e\u2028\r\n\x9b1m\x00"


@dataclasses.dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
      name: in words.
      way: `rest` or `grpc`.
      at: the question at which it does, `metadata` or `predict`.
      serve: runs the server: a context with its address.
      words: a pattern in what the client must say of it.
    """

    name: str
    way: str
    at: str
    serve: Callable[[], contextlib.AbstractContextManager[str]]
    words: str

    def __str__(self):
        return f"{self.way}, {self.at}: {self.name}"


@contextlib.contextmanager
def raw(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Does `behave(connection)` with each connection, then closes; the port."""

    def one(connection: socket.socket) -> None:
        # What it does until the client has had enough.
        with contextlib.suppress(OSError), connection:
            behave(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(
                    target=one, args=[connection], daemon=True
                ).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def sending(*parts: bytes) -> Callable[[socket.socket], None]:
    """Sends these, one after the other."""
    return lambda connection: [connection.sendall(part) for part in parts]


def without_end(
    begin: bytes, part: bytes = b"", pause: float = 0.0
) -> Callable[[socket.socket], None]:
    """Sends a part again and again, or waits, until the client hangs up."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(begin)
        while part:
            connection.sendall(part)
            time.sleep(pause)
        connection.settimeout(30)
        while connection.recv(4096):
            pass

    return behave


def signature(
    frames: Any = "-1", batch: Any = "-1", classes: Any = "3", **changes
) -> dict:
    """Metadata of a signature as JSON has them."""
    taken, given = (
        {"tensor_shape": {"dim": [{"size": batch}, {"size": size}]}}
        for size in (frames, classes)
    )
    return {
        "inputs": {"frames": {"dtype": "DT_STRING", **taken}},
        "outputs": {"probabilities": {"dtype": "DT_FLOAT", **given}},
        **changes,
    }


def encoded(**changes) -> dict:
    """Signatures by name."""
    return {"frames_encoded": signature(**changes)}


_MANY = {f"signature_{i}_{ESCAPES}": signature() for i in range(2000)}
_LONG = "long" * 200_000
_OUTPUT = {"dtype": "DT_FLOAT"}
# Signatures that JSON and protobuf can say, and words for them.
SIGNATURES = {
    "no signature": ({}, "no signature 'frames_encoded'; it has none"),
    "other signatures, 2,000 of them": (_MANY, "it has signature_0_"),
    "a name of 800 KB": ({_LONG: signature()}, "it has longlong"),
    "no input": (encoded(inputs={}), "takes nothing"),
    "an input's name of 800 KB": (
        encoded(inputs={_LONG: {"dtype": "DT_FLOAT"}}),
        "takes long",
    ),
    "an input's name with escapes": (
        encoded(inputs={ESCAPES: {"dtype": "DT_FLOAT"}}),
        r"takes \\x1b",
    ),
    "a type without a name": (
        encoded(inputs={"frames": {"dtype": 99}}),
        "takes frames",
    ),
    "no output": (encoded(outputs={}), "returns nothing"),
    "2,000 outputs": (
        encoded(outputs={f"{ESCAPES}{i}": _OUTPUT for i in range(2000)}),
        r"returns \\x1b",
    ),
    "clips of 2^40 frames": (encoded(frames=str(2**40)), "1099511627776"),
    "clips of no frame": (encoded(frames="0"), "frames.* 0"),
    "clips of -2 frames": (encoded(frames="-2"), "frames.* -2"),
    "batches of 7": (encoded(batch="7"), "batches of 7"),
    "2 classes, where 3 come": (encoded(classes="2"), "3 classes.* 2"),
    "2^40 classes, where 3 come": (encoded(classes=str(2**40)), "3 classes"),
}
_NONE = "must be in \\[0, 1\\] and sum to 1"
_SHAPE = r"of shape \[1, classes\]"
# Probabilities that both can say, and words for them.
PROBABILITIES = {
    "logits": ([[-4.0, 0.0, 4.0]], _NONE),
    "one below 0": ([[-0.5, 0.5, 1.0]], _NONE),
    "one above 1": ([[1.5, -0.25, -0.25]], _NONE),
    "a sum of 0.9": ([[0.2, 0.2, 0.5]], _NONE),
    "a sum of 1.1": ([[0.3, 0.3, 0.5]], _NONE),
    "zeros": ([[0.0, 0.0, 0.0]], _NONE),
    "NaN": ([[float("nan"), 0.5, 0.5]], "finite"),
    "infinity": ([[float("inf"), 0.5, 0.5]], "finite"),
    "no class": ([[]], "shape|0 classes"),
    "2 of 3 classes": ([[0.5, 0.5]], "2 classes.* 3"),
    "1,000 of 3 classes": ([[0.001] * 1000], "1000 classes.* 3"),
    "two rows": (RIGHT * 2, _SHAPE),
}
