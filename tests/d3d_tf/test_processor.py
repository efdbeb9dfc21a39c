"""Names and instruction sets out of what Linux tells of a processor."""

import platform

import pytest

from d3d_tf import processor

# Cut from /proc/cpuinfo of such machines.
ZEN3 = """\
processor\t: 0
vendor_id\t: AuthenticAMD
model name\t: AMD EPYC 7R13 Processor
flags\t\t: fpu sse2 fma cx16 avx f16c bmi1 avx2 vaes
bugs\t\t: sysret_ss_attrs

processor\t: 1
model name\t: another
flags\t\t: fpu amx_int8
"""
SAPPHIRE_RAPIDS = """\
model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
flags\t\t: fma avx avx2 avx512f avx512_vnni avx_vnni avx512_bf16 amx_int8
"""
GRAVITON3 = """\
processor\t: 0
BogoMIPS\t: 2100.00
Features\t: fp asimd aes sve i8mm bf16 dgh
CPU implementer\t: 0x41
"""


POWER = "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n"
HIDDEN = "processor\t: 0\nmodel name\t: unknown\n"


@pytest.mark.parametrize(
    ("cpuinfo", "name", "sets"),
    [
        (ZEN3, "AMD EPYC 7R13 Processor", "avx avx2 fma"),
        (
            SAPPHIRE_RAPIDS,
            "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
            "avx avx2 fma avx_vnni avx512f avx512_vnni avx512_bf16 amx_int8",
        ),
        (GRAVITON3, "aarch64", "asimd sve bf16 i8mm"),
        (POWER, "POWER9, altivec supported", ""),
        (HIDDEN, "aarch64", ""),
        (None, "aarch64", ""),
    ],
)
def test_names_and_sets(monkeypatch, tmp_path, cpuinfo, name, sets):
    path = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        path.write_text(cpuinfo)
    monkeypatch.setattr(processor, "_CPUINFO", path)
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert processor.name() == name
    assert " ".join(processor.instruction_sets()) == sets


def test_description_has_the_architecture_once():
    words = processor.description().split()
    assert words.count(platform.machine()) == 1
