"""Whatever a server does, the command ends in time, with one line."""

import re
import time

import pytest

from d3d_tf.hub_export.client.__main__ import main
from d3d_tf.hub_export.client.clip import encoded_clip
from d3d_tf.hub_export.client.module_info import ModuleInfo
from tests.hub_export.client import bad_grpc, bad_rest
from tests.hub_export.client.faults import raw

# Seconds: for those that wait for it, and others.
SHORT, LONG = 0.5, 30.0


def peak() -> int:
    """Most bytes that this process had in memory since it was last asked."""
    with open("/proc/self/status") as status:
        (line,) = [line for line in status if line.startswith("VmHWM")]
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module", autouse=True)
def warm(video):
    """On a cold disk, PyAV and OpenCV take longer to import than a deadline."""
    encoded_clip(video, ModuleInfo(), frames=4, frame_rate=10.0)


FAULTS = bad_rest.FAULTS + bad_grpc.FAULTS
LATER = {(f.way, f.name) for f in FAULTS if f.at == "predict"}


@pytest.mark.parametrize(
    "fault",
    [
        # The same at the first question, metadata, takes the same way.
        pytest.param(f, marks=pytest.mark.large)
        if f.at != "predict" and (f.way, f.name) in LATER
        else f
        for f in FAULTS
    ],
    ids=str,
)
def test_fault(fault, video, capsys):
    deadline = SHORT if "in time" in fault.words else LONG
    with fault.serve() as server:
        peak()
        before = peak()
        start = time.monotonic()
        code = main(
            [
                str(video),
                f"--server={server}",
                f"--deadline={deadline}",
                "--retries=0",
                "--frame_rate=10",
                "--short_side=18",
            ]
        )
        took = time.monotonic() - start
        more = peak() - before
        out, err = capsys.readouterr()
    assert code == 1, out
    assert not out
    assert re.fullmatch(r"error: [^\n]+\n", err), err[:2000]
    assert err[:-1].isprintable() and len(err) < 1000
    assert server in err, err
    assert re.search(fault.words, err), err
    assert took < deadline + 10  # Some servers never end.
    assert more < 200 * 2**20, more


def test_tls_to_a_server_without(video, capsys):
    def behave(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with raw(behave) as port:
        server = f"https://127.0.0.1:{port}"
        assert main([str(video), f"--server={server}", "--retries=0"]) == 1
    assert re.fullmatch(
        rf"error: No TensorFlow Serving answers at {server} \(.*SSL.*\n",
        capsys.readouterr().err,
    )


def test_the_servers_without_a_fault(video, capsys):
    """Else the lines above could be about something else."""
    for faults in (bad_rest.FAULTS, bad_grpc.FAULTS):
        # At the second question, so the first is answered.
        (fault,) = [
            f for f in faults if f.name == "logits" and f.at == "predict"
        ]
        with fault.serve() as server:
            assert main([str(video), f"--server={server}", "--retries=0"]) == 1
        assert "sum to 1; got -4 to 4, of sum 0" in capsys.readouterr().err
