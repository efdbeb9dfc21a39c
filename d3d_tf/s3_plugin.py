"""`s3://` for TensorFlow, by tensorflow-io, whose traps are met here.

They are those of tensorflow-io 0.36: an endpoint without a scheme is taken for
TLS, each operation at a dead one is tried again for 51 seconds, and after any
use the process ends with "pure virtual method called" and exit status 134.
"""

import atexit
import ctypes
import functools
import os
import socket
import urllib.parse

from d3d_tf.errors import UsageError, UserError

SECONDS = 5.0  # To answer a connection.


@functools.cache
def load_plugin() -> None:
    """Teaches TensorFlow `s3://`; once per process, also in workers.

    Raises:
      UsageError: `S3_ENDPOINT` is no address.
      UserError: tensorflow-io is not installed, or nothing answers there.
    """
    # The name that other tools use; the plugin reads only its own.
    if "AWS_ENDPOINT_URL" in os.environ:
        os.environ.setdefault("S3_ENDPOINT", os.environ["AWS_ENDPOINT_URL"])
    require_endpoint(os.environ.get("S3_ENDPOINT"))
    try:
        import etils.epath  # noqa: F401
        import tensorflow_io  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"s3:// paths need tensorflow-io ({error}): pip install "
            "'d3d_tf[s3]', with TensorFlow 2.15, or copy the files to a local "
            "disk, or mount the bucket as one."
        ) from error
    _leave_without_destructors()


def require_endpoint(endpoint: str | None) -> None:
    """Connects to the endpoint, if one is named, and says what is wrong.

    Raises:
      UsageError: it is no URL.
      UserError: nothing answers.
    """
    if not endpoint:
        return  # Amazon's own.
    url = urllib.parse.urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise UsageError(
            f"S3_ENDPOINT={endpoint} must be a URL with its scheme, as "
            "http://127.0.0.1:9000: tensorflow-io takes anything else for "
            "TLS, and reads no S3_USE_HTTPS."
        )
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        socket.create_connection((url.hostname, port), SECONDS).close()
    except OSError as error:
        raise UserError(
            f"No object store answers at S3_ENDPOINT={endpoint} ({error})."
        ) from error


def _leave_without_destructors() -> None:
    """Keeps the exit status: the SDK's destructors abort the process.

    The cause is a Curl handle that logs through a logger already destroyed
    (tensorflow/io pull request 2120, merged after the last release). glibc's
    `on_exit` handler gets the status and ends the process before the
    destructors; registered last, it is called first. Python has finished and
    flushed its own files by then; those of C are flushed here.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "on_exit"):
        return  # Not glibc: the abort stays, after all is done.

    def last():
        libc.fflush(None)
        libc.on_exit(ctypes.cast(libc._exit, ctypes.c_void_p), None)

    atexit.register(last)
