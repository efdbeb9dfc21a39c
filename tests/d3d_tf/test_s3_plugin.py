"""tensorflow-io against a real S3 server process, and its traps."""

import os
import socket
import subprocess
import sys
import time

import pytest

from d3d_tf.atomic_files import to_path
from d3d_tf.errors import UsageError, UserError
from d3d_tf.s3_plugin import require_endpoint


@pytest.mark.parametrize(
    "endpoint", ["127.0.0.1:9000", "localhost", "ftp://a", "http://"]
)
def test_an_endpoint_without_a_scheme(endpoint):
    """tensorflow-io would try TLS for 51 seconds per operation."""
    with pytest.raises(UsageError, match="URL with its scheme.*S3_USE_HTTPS"):
        require_endpoint(endpoint)


def test_nobody_answers_at_the_endpoint():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        require_endpoint(f"http://127.0.0.1:{port}")
    begin = time.monotonic()
    with pytest.raises(UserError, match=f"No object store answers.*{port}"):
        require_endpoint(f"http://127.0.0.1:{port}")
    assert time.monotonic() - begin < 30


def test_amazons_own_is_not_asked():
    require_endpoint(None)
    require_endpoint("")


def python(program: str, **environment):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_without_tensorflow_io():
    """One line with the remedy."""
    done = python(
        "import sys; sys.modules['tensorflow_io'] = None\n"
        "from d3d_tf.screen import explain\n"
        "from d3d_tf.atomic_files import to_path\n"
        "try: to_path('s3://a/b')\n"
        "except Exception as error: sys.exit(explain(error, verbose=False))",
        S3_ENDPOINT="",
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "tensorflow-io" in done.stderr and "pip install" in done.stderr


@pytest.mark.card
@pytest.mark.parametrize(
    ("ending", "status"),
    [
        pytest.param("", 0, marks=pytest.mark.large),
        pytest.param("sys.exit(3)", 3, marks=pytest.mark.large),
        ("1 / 0", 1),
    ],
)
def test_exit_status(s3, s3_environment, ending, status):
    """Without the remedy it is 134, "pure virtual method called"."""
    done = python(
        "import sys\nfrom d3d_tf.atomic_files import to_path\n"
        f"to_path('{s3}/a').write_text('x')\n"
        f"print(to_path('{s3}/a').read_text())\n{ending}",
        **s3_environment,
    )
    assert done.returncode == status, done.stderr
    assert done.stdout == "x\n"
    assert "pure virtual" not in done.stderr


@pytest.mark.card
def test_the_address_that_other_tools_use(s3, s3_environment):
    address = s3_environment["S3_ENDPOINT"]
    done = python(
        "import os\ndel os.environ['S3_ENDPOINT']\n"
        "from d3d_tf.atomic_files import to_path\n"
        f"to_path('{s3}/a').write_text('x')",
        AWS_ENDPOINT_URL=address,
    )
    assert done.returncode == 0, done.stderr
    assert to_path(f"{s3}/a").read_text() == "x"
