"""TensorFlow computes with oneDNN wherever d3d_tf was imported before it.

What TensorFlow really does is told by oneDNN itself: with ONEDNN_VERBOSE=1 it
prints a line for each convolution that it computes.
"""

import ctypes
import logging
import os
import platform
import subprocess
import sys
import types
from pathlib import Path

import pytest
import tensorflow as tf

from d3d_tf import onednn

ROOT = Path(__file__).resolve().parents[2]
NAME = "TF_ENABLE_ONEDNN_OPTS"
CONVOLVE = """
import tensorflow as tf
filters = tf.ones([3, 3, 3, 3, 4])
clips = tf.ones([1, 4, 8, 8, 3])
print(tf.reduce_sum(tf.nn.conv3d(clips, filters, [1] * 5, "SAME")))
"""
x86 = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="oneDNN of x86 processors"
)


def run(code: str) -> subprocess.CompletedProcess:
    """A Python that nobody has told anything about oneDNN."""
    environment = {k: v for k, v in os.environ.items() if k != NAME}
    environment |= {"ONEDNN_VERBOSE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [sys.executable, "-W", "error:::d3d_tf", "-c", code],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )


def used_onednn(done: subprocess.CompletedProcess) -> bool:
    # By hand: 10 taps over 4 frames, 22 over 8 rows, 22 over 8 columns, each
    # for 3 x 4 channels.
    assert "tf.Tensor(58080.0" in done.stdout
    return ",cpu,convolution," in done.stdout


def lines(done: subprocess.CompletedProcess) -> list[str]:
    """What d3d_tf said."""
    return [x for x in done.stderr.splitlines() if x.startswith("d3d_tf: ")]


@x86
def test_after_d3d_tf_tensorflow_computes_with_onednn():
    done = run("import d3d_tf.schema" + CONVOLVE)
    assert used_onednn(done)
    assert not lines(done)


@x86
def test_after_tensorflow_it_is_on_or_a_line_says_that_it_is_not():
    """Which of the two, the processor decides (the module names which)."""
    done = run(
        "import os, tensorflow, d3d_tf.schema, d3d_tf.keras_api"
        + CONVOLVE
        + f"print('for children', os.environ['{NAME}'])"
    )
    said = lines(done)
    assert len(said) == (0 if used_onednn(done) else 1)
    for line in said:
        assert f"Import d3d_tf before TensorFlow, or set {NAME}=1" in line
    assert "for children 1" in done.stdout


@pytest.fixture
def log(caplog, monkeypatch):
    """What is logged, also where the console keeps it from the root."""
    logger = logging.getLogger("d3d_tf")
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    return caplog


@pytest.mark.parametrize(
    ("given", "machine", "kept", "is_said"),
    [
        (None, "x86_64", "1", True),
        ("", "x86_64", "1", True),
        ("0", "x86_64", "0", False),
        ("1", "x86_64", "1", True),  # Set after TensorFlow was imported.
        ("False", "x86_64", "False", False),
        (None, "aarch64", None, False),
        ("1", "aarch64", "1", False),
    ],
)
def test_settings(monkeypatch, log, given, machine, kept, is_said):
    """A user's own stays; TensorFlow is there and says that it is off."""
    if given is None:
        # First set: what the call under test sets is undone, too.
        monkeypatch.setenv(NAME, "")
        del os.environ[NAME]
    else:
        monkeypatch.setenv(NAME, given)
    uname = types.SimpleNamespace(machine=machine)
    monkeypatch.setattr(os, "uname", lambda: uname)
    library = types.SimpleNamespace(
        # tensorflow::IsMklEnabled()
        _ZN10tensorflow12IsMklEnabledEv=lambda: False
    )
    monkeypatch.setattr(ctypes, "CDLL", lambda path: library)
    onednn.turn_on()
    assert os.environ.get(NAME) == kept
    assert log.messages == [onednn.TOO_LATE] * is_said


def test_windows_has_no_uname(monkeypatch):
    monkeypatch.delattr(os, "uname")
    assert not onednn.is_x86()


def test_these_tests_compute_with_it():
    """Else they take many times as long, in pytest's process or a worker's."""
    if os.environ.get(NAME) != "1":
        pytest.skip("another processor, or turned off by hand")
    assert onednn.is_on()


def test_a_tensorflow_that_does_not_say(monkeypatch):
    monkeypatch.setattr(tf.sysconfig, "get_lib", lambda: "/nowhere")
    assert onednn.is_on() is None
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert onednn.is_on() is None


def test_benchmarks_turn_it_on_before_tensorflow():
    done = run(
        "import benchmarks, sys; "
        "print('d3d_tf.onednn' in sys.modules, 'tensorflow' in sys.modules)"
    )
    assert done.stdout == "True False\n"
