"""The processor's name, from what Linux says of several."""

import platform

import pytest

from d3d_tf.evaluation.machine import describe_processor, processor_name

X86 = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model name\t: AMD EPYC 7B13
cpu MHz\t\t: 2449.998
"""
POWER = "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n"
ARM = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU part\t: 0xd40\n"
HIDDEN = "processor\t: 0\nmodel name\t: unknown\n"


@pytest.mark.parametrize(
    "text, name",
    [(X86, "AMD EPYC 7B13"), (POWER, "POWER9, altivec supported")],
)
def test_the_name(tmp_path, text, name):
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert processor_name(path) == name


@pytest.mark.parametrize("text", [ARM, HIDDEN, None])
def test_without_a_name_it_is_the_architecture(tmp_path, monkeypatch, text):
    """Debian: `platform.processor()` is empty."""
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    path = tmp_path / "cpuinfo"
    if text is not None:
        path.write_text(text)
    assert processor_name(path) == "aarch64"


def test_name_and_architecture():
    words = describe_processor().split()
    assert words.count(platform.machine()) == 1
