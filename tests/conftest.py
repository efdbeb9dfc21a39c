"""What every test shares: two CPU devices, a fixed seed, the golden files."""

import contextlib
import gc
import os
import subprocess
from pathlib import Path

import d3d_tf  # noqa: F401  # Before TensorFlow: it turns oneDNN on.

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

# Else an assert of theirs that fails says nothing.
pytest.register_assert_rewrite("tests.harness")

import tensorflow as tf  # noqa: E402

# Before anything else uses TensorFlow: strategies need devices to mirror over.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)

from d3d_tf.keras_api import keras  # noqa: E402
from d3d_tf.training.strategy import make_strategy  # noqa: E402
from tests import s3_server  # noqa: E402
from tests.feature_run import feature_module, feature_run  # noqa: E402, F401
from tests.harness.pytorch import (  # noqa: E402, F401
    pytorchvideo_x3d,
    torch,
    torchvision_models,
)
from tests.toy_run import copied_run, other_flow, toy  # noqa: E402, F401

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module", autouse=True)
def own_garbage():
    """Python's collector does not walk over what the modules before have left.

    A process of hundreds of tests has so many objects of TensorFlow that one
    walk over all of them takes half a minute, and each training brings one.
    """
    gc.freeze()


@pytest.fixture
def seed():
    """Seeds Python, NumPy and TensorFlow; the number itself."""
    keras.utils.set_random_seed(7)
    return 7


@pytest.fixture
def small_disk(tmp_path):
    """`small_disk(options)`: a file system of its own, or itself changed.

    Options are those of tmpfs, such as `size=100k` or `remount,ro`.
    """
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot mount a file system: {done.stderr.strip()}")
        return place

    yield mount
    subprocess.run(["umount", "-l", str(place)], capture_output=True)


@pytest.fixture
def another_user():
    """`with another_user(opens):` the real user is one whom nobody knows.

    `opens`: as whom the process opens files; root's number is 0.
    """
    if os.geteuid():
        pytest.skip("only root can become another user")

    @contextlib.contextmanager
    def become(opens: int):
        os.setresuid(54321, opens, 0)
        try:
            yield
        finally:
            os.setresuid(0, 0, 0)

    return become


@pytest.fixture(scope="session")
def goldens() -> Path:
    """Numbers of the original implementations, beside the repository."""
    folder = ROOT.parent / "shared" / "goldens"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    return folder


@pytest.fixture(scope="session")
def jhmdb() -> Path:
    """A small copy of JHMDB, beside the repository."""
    folder = ROOT.parent / "shared" / "data" / "jhmdb"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    return folder


@pytest.fixture(scope="session")
def replicas():
    """A strategy with two replicas on this machine's CPU."""
    strategy = make_strategy(2)  # A second one would disturb it.
    assert strategy.num_replicas_in_sync == 2
    return strategy


@pytest.fixture
def precision():
    """Sets a Keras policy for one test: `precision("mixed_float16")`."""
    yield keras.mixed_precision.set_global_policy
    keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(scope="session")
def s3_environment():
    """A server's environment, also of this process; for tests marked `card`."""
    with (
        s3_server.serve() as environment,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment


@pytest.fixture
def s3(s3_environment, request) -> str:
    """A place of the test's own in an object store, `s3://...`."""
    return f"s3://{s3_server.BUCKET}/{request.node.name}"
