"""A machine that lacks things, one after another."""

import collections
import ctypes
import os
import sys
import types
from pathlib import Path

import pytest
import tensorflow as tf

from d3d_tf.doctor import check_machine as module
from d3d_tf.doctor.check_machine import check_machine

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
Usage = collections.namedtuple("Usage", "total used free")


@pytest.fixture
def look(tmp_path):
    def found():
        return {f.check: f for f in check_machine(tmp_path / "not" / "yet")}

    return found


def test_this_machine(look, tmp_path):
    found = look()
    assert f"TensorFlow {tf.__version__}" in found["packages"].text
    assert " with TV-L1" in found["opencv"].text
    assert "6 of 6 usual codecs" in found["decoding"].text
    assert str(tmp_path) in found["disk"].text
    assert not [f for f in found.values() if f.level == "ERROR"]


def test_a_package_that_is_not_there(look, monkeypatch):
    real = module._version
    monkeypatch.setattr(
        module,
        "_version",
        lambda p: None if p == "apache-beam" else real(p),
    )
    found = look()["packages"]
    assert found.level == "ERROR"
    assert "no apache-beam, needed for --mode=prepare" in found.text


def test_an_opencv_that_was_overwritten(look, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", types.ModuleType("cv2"))
    found = look()["opencv"]
    assert found.level == "ERROR"
    assert "pip install opencv-contrib-python-headless" in found.text


@pytest.mark.parametrize(
    ("module", "check"), [("numba", "numba"), ("av", "decoding")]
)
def test_libraries_that_cannot_be_imported(look, monkeypatch, module, check):
    monkeypatch.setitem(sys.modules, module, None)
    found = look()[check]
    assert found.level == "ERROR"
    assert "cannot be imported" in found.text and "pip install" in found.text


def test_a_codec_that_is_not_there(look, monkeypatch):
    monkeypatch.setattr(module, "CODECS", ("h264", "vhs"))
    found = look()["decoding"]
    assert found.level == "WARNING"
    assert "1 of 2 usual codecs; FFmpeg lacks vhs" in found.text


@pytest.mark.parametrize(
    ("gpus", "card", "level", "words"),
    [
        (["a"], True, "OK", "1 GPUs"),
        ([], True, "ERROR", "TensorFlow does not see it"),
        ([], False, "WARNING", "too slow to train on real videos"),
    ],
)
def test_devices(look, monkeypatch, gpus, card, level, words):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(
        module,
        "Path",
        lambda _: types.SimpleNamespace(exists=lambda: card),
    )
    found = look()["devices"]
    assert found.level == level
    assert words in found.text


@pytest.mark.parametrize(
    ("is_on", "kind", "variable", "level", "words"),
    [
        (True, "x86_64", "1", "OK", "oneDNN on (ONEDNN_MAX_CPU_ISA=AVX2)"),
        (False, "x86_64", "0", "WARNING", f"unset {ONEDNN}, which is 0"),
        (False, "x86_64", "1", "WARNING", "import d3d_tf before TensorFlow"),
        (False, "aarch64", "", "OK", "oneDNN off"),
    ],
)
def test_processor(look, monkeypatch, is_on, kind, variable, level, words):
    library = types.SimpleNamespace(
        # tensorflow::IsMklEnabled()
        _ZN10tensorflow12IsMklEnabledEv=lambda: is_on
    )
    monkeypatch.setattr(ctypes, "CDLL", lambda path: library)
    uname = types.SimpleNamespace(machine=kind)
    monkeypatch.setattr(os, "uname", lambda: uname)
    monkeypatch.setenv(ONEDNN, variable)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    found = look()["processor"]
    assert found.level == level
    assert words in found.text
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            assert line.split(": ")[1] in found.text


@pytest.mark.parametrize(("free", "level"), [(5e9, "WARNING"), (5e11, "OK")])
def test_disk(look, monkeypatch, free, level):
    usage = Usage(1e12, 1e12 - free, free)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda folder: usage)
    found = look()["disk"]
    assert found.level == level
    assert f"{free / 1e9:.0f} GB free" in found.text
