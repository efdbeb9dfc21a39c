"""An S3 server on loopback: moto's, in a process of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

BUCKET = "videos"


@contextlib.contextmanager
def serve() -> Iterator[dict[str, str]]:
    """Yields the environment in which it is reached; `BUCKET` is there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H127.0.0.1", f"-p{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert server.poll() is None, "moto does not start"
            time.sleep(0.1)
        request = urllib.request.Request(f"{address}/{BUCKET}", method="PUT")
        urllib.request.urlopen(request, timeout=60).close()
        yield {
            "S3_ENDPOINT": address,
            "AWS_ACCESS_KEY_ID": "anyone",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_REGION": "us-east-1",
        }
    finally:
        server.kill()
        server.wait()


def environment(server: dict[str, str]) -> dict[str, str]:
    """For a process that is to reach the server."""
    return os.environ | server
